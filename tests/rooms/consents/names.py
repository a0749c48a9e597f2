"""What people are known by, over HTTP: who it is, what may be sent to them, and how names are linked and closed."""

import random
from typing import Any

from tests.rooms.consents.build import MARKETING, Shop


def user_id() -> str:
    return f"TR.{random.randrange(10**18)}"


async def find(shop: Shop, **who: str) -> dict[str, Any]:
    answer = await shop.http.post("/v1/people/find", json=who)
    assert 200 == answer.status_code, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def verdict(shop: Shop, purpose: str = MARKETING, **who: str) -> str | None:
    answer = await shop.http.post("/v1/consents/check", json={"purpose": purpose, "recipients": [who]})
    refusal: str | None = answer.json()["data"][0]["refusal"]
    return refusal


async def link(shop: Shop, person: str, *, merge: bool = False, **who: str) -> Any:
    body = {"reason": "same_customer", "merge": merge} | who
    return await shop.http.post(f"/v1/people/{person}/aliases", json=body)


async def close(shop: Shop, person: dict[str, Any], reason: str = "line_closed", **more: Any) -> Any:
    [alias] = [one for one in person["aliases"] if one["kind"] == "phone" and one["closed_at"] is None]
    return await shop.http.post(
        f"/v1/people/{person['id']}/aliases/{alias['id']}/close", json={"reason": reason} | more
    )
