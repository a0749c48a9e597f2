"""A person's ledger as the API shows it, and whether the state is what it says."""

from typing import Any

from app.consents.replay import replay
from tests.rooms.consents.build import (
    MARKETING,
    Shop,
)


async def ledger(shop: Shop, to: str) -> list[dict[str, Any]]:
    """The person's lines, as the API shows them."""
    answer = await shop.http.post("/v1/consents/check", json={"purpose": MARKETING, "recipients": [{"to": to}]})
    page = await shop.http.get(f"/v1/people/{answer.json()['data'][0]['person_id']}/consents")
    assert 200 == page.status_code, page.text
    data: list[dict[str, Any]] = page.json()["data"]
    return data


async def agrees(shop: Shop) -> bool:
    """Whether the state is what the ledger says."""
    async with shop.desk.run.db.begin(shop.id) as session:
        return (await replay(session, shop.id)).agrees
