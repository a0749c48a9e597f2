"""Webhook bodies as Meta writes them, to change one thing at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

NUMBER = "100000000000001"
WABA = "200000000000001"
AT = datetime(2025, 10, 9, 8, 53, 25, tzinfo=UTC)
RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
UNIX = "1760000005"


def envelope(*values: dict[str, Any], field: str = "messages", **entry: Any) -> bytes:
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": changes, **entry}]}
    ).encode()


def value(**items: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550100000", "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata, **items}


def status(**changed: Any) -> dict[str, Any]:
    return {
        "id": "wamid.X",
        "status": "delivered",
        "timestamp": UNIX,
        "recipient_id": "15550100001",
        **changed,
    }


def message(**changed: Any) -> dict[str, Any]:
    usual = {
        "from": "905321234567",
        "from_user_id": "TR.1",
        "id": "wamid.Y",
        "timestamp": UNIX,
        "type": "text",
    }
    return {**usual, "text": {"body": "İPTAL"}, **changed}
