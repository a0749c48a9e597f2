"""Builders: a tenant with a notice, and one row of each kind with one obvious default."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from app.consents.rows import Consent, Iys
from app.consents.who import meet, name
from app.kit.ids import decode
from app.purposes.queries import Purpose, list_purposes
from app.runtime import TenantKeys
from app.tenants.keys import get_tenant_keys
from tests.rooms.desk import Desk, Tenant

MARKETING = "campaign_information"
OTHER_MARKETING = "new_product_announcement"
CONSENT_ONLY = "product_matching"  # rests on consent, carries no commercial message
ORDERS = "order_status_notification"  # rests on the contract
SURVEY = "satisfaction_survey"  # rests on consent; not in the notice
NOW = datetime.now(UTC)
EARLIER = NOW - timedelta(hours=1)

_numbers = count(1)


def phone() -> str:
    """A Turkish mobile number nobody here has yet."""
    return f"+90532{next(_numbers):07d}"


@dataclass(slots=True)
class Shop:
    """A tenant whose notice covers two marketing purposes and the matching of products."""

    desk: Desk
    tenant: Tenant
    notice_version: str
    keys: TenantKeys = field(repr=False)
    purposes: dict[str, Purpose] = field(repr=False)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.tenant.http

    @property
    def id(self) -> UUID:
        return self.tenant.id

    @property
    def version_id(self) -> UUID:
        return decode("ntv", self.notice_version)

    def consent(self, to: str, **more: Any) -> dict[str, Any]:
        """A consent given an hour ago on a web form."""
        return {
            "to": to,
            "purpose": MARKETING,
            "act": "given",
            "channel": "web_form",
            "method": "checkbox",
            "notice_version_id": self.notice_version,
            "occurred_at": EARLIER.isoformat(),
        } | more

    def approval(self, to: str, **more: Any) -> dict[str, Any]:
        """An approval of commercial messages, attested."""
        row = self.consent(to, kind="commercial_approval", iys={"transaction_id": "iys-1", "date": "2026-01-05"})
        del row["notice_version_id"]
        return row | more

    def both(self, to: str, **more: Any) -> list[dict[str, Any]]:
        return [self.consent(to, **more), self.approval(to, **more)]

    async def record(self, *rows: dict[str, Any], **more: Any) -> httpx.Response:
        # In ASCII, so that a test can send half a surrogate pair.
        body = json.dumps({"consents": list(rows)} | more)
        return await self.http.post("/v1/consents", content=body, headers={"content-type": "application/json"})

    async def verdict(self, to: str, purpose: str = MARKETING) -> str | None:
        """What the gate refuses for; None: allowed."""
        answer = await self.http.post("/v1/consents/check", json={"purpose": purpose, "recipients": [{"to": to}]})
        assert 200 == answer.status_code, answer.text
        refusal: str | None = answer.json()["data"][0]["refusal"]
        return refusal

    async def act(self, path: str, to: str, **more: Any) -> httpx.Response:
        """One of the acts on people: withdraw, raise, lift."""
        return await self.http.post(f"/v1/{path}", json={"people": [{"to": to}], "channel": "api"} | more)

    async def person(self, to: str) -> UUID:
        """The person behind a number, made if need be."""
        who = name(self.keys, to, None)
        assert who is not None
        async with self.desk.run.db.begin(self.id) as session:
            return (await meet(session, self.id, self.keys, [who]))[who.hash].person_id

    def row(self, to: str, **more: Any) -> Consent:
        """A consent as the verb takes it."""
        given: dict[str, Any] = {
            "purpose": MARKETING,
            "act": "given",
            "channel": "web_form",
            "occurred_at": EARLIER,
            "to": to,
            "method": "checkbox",
            "notice_version_id": self.version_id,
            "iys": Iys("iys-1", EARLIER.date()),
        }
        return Consent(**given | more)


async def open_shop(desk: Desk) -> Shop:
    """A new tenant that published its notice."""
    tenant = await desk.tenant()
    notice = {
        "name": "aydinlatma",
        "language": "tr",
        "title": "Aydınlatma metni",
        "body": "Kişisel verileriniz kampanya bildirimi amacıyla işlenir.",
        "purposes": [MARKETING, OTHER_MARKETING, CONSENT_ONLY],
        "shown_since": "2025-01-01T00:00:00Z",
    }
    made = await tenant.http.post("/v1/notices", json=notice)
    assert 201 == made.status_code, made.text
    async with desk.run.db.begin(tenant.id) as session:
        keys = await get_tenant_keys(desk.run, session, tenant.id)
        purposes = {purpose.key: purpose for purpose in await list_purposes(session)}
    return Shop(desk, tenant, made.json()["latest_version"]["id"], keys, purposes)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]


def pointers(answer: httpx.Response) -> list[tuple[str, str]]:
    """Where a problem points, and with which code."""
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
