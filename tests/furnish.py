"""What stands in a house before a test begins: a tenant that can send, with its sender, templates and notice."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from tests.sandbox_process import PHONE_NUMBER_ID, TOKEN, WABA_ID

MARKETING = "campaign_information"
UTILITY = "order_status_notification"
NOTICE_BODY = "Kişisel verileriniz kampanya bildirimi amacıyla işlenir."
IYS = {"transaction_id": "iys-1", "date": "2026-11-20"}

TEMPLATES = [
    {
        "name": "autumn_offer",
        "language": "tr",
        "category": "MARKETING",
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Merhaba {{first_name}}, sonbahar indirimi başladı."}],
    },
    {
        "name": "order_update",
        "language": "tr",
        "category": "UTILITY",
        "status": "APPROVED",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Siparişiniz {{1}} yola çıktı."}],
    },
]


@dataclass(slots=True)
class Tenant:
    """A tenant that can send: its key, and the names of what was registered for it."""

    id: UUID
    key: str = field(repr=False)
    sender: str = ""
    notice_version: str = ""


async def furnish(client: httpx.AsyncClient, tenant: Tenant, *, number: str = PHONE_NUMBER_ID) -> None:
    """Register a sender, both templates and a notice, over HTTP."""
    sender = {
        "name": "Dükkân",
        "phone_number_id": number,
        "waba_id": WABA_ID,
        "display_phone_number": "+90 850 000 00 00",
        "access_token": TOKEN,
        "messages_per_second": 1000,
    }
    tenant.sender = (await made(client, "/v1/senders", sender))["id"]
    for template, purpose in zip(TEMPLATES, (MARKETING, UTILITY), strict=True):
        components: Any = template["components"]
        registered = {
            "name": template["name"],
            "language": template["language"],
            "category": str(template["category"]).lower(),
            "status": "approved",
            "body": components[0]["text"],
            "purposes": [purpose],
        }
        await made(client, "/v1/templates", registered)
    notice = {
        "name": "aydinlatma",
        "language": "tr",
        "title": "Aydınlatma metni",
        "body": NOTICE_BODY,
        "purposes": [MARKETING, "new_product_announcement"],
        "shown_since": "2025-01-01T00:00:00Z",
    }
    published = await made(client, "/v1/notices", notice)
    tenant.notice_version = published["latest_version"]["id"]


async def made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST something that must be created."""
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    shown: dict[str, Any] = answer.json()
    return shown
