"""A person who chats with the business: writes, taps, and reads what came back. Everything over the real ways."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.conftest import TestDatabase
from tests.furnish import MARKETING
from tests.house import House, phone

WHO = phone(71)
YES, NO, UNDO = "ONAYLIYORUM", "VAZGEÇ", "ONAYIMI GERİ AL"


async def admin(database: TestDatabase, statement: str, *values: object) -> None:
    """Do what only the superuser may: let time pass, for instance."""
    connection = await asyncpg.connect(database.admin_url, server_settings={"search_path": "toplu"})
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def offer(house: House, kind: str = "explicit_consent", **more: Any) -> dict[str, Any]:
    """An opt-in of the first tenant."""
    body = {
        "sender": house.tenant.sender,
        "purpose": MARKETING,
        "kind": kind,
        "notice_version_id": house.tenant.notice_version,
        "text": "Dükkân A.Ş. kampanyalarını size WhatsApp'tan bildirmek ister.",
        "language": "tr",
    }
    answer = await house.client.post("/v1/opt-ins", json=body | more)
    assert 201 == answer.status_code, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def both(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    """Consent, and then the approval, as two opt-ins."""
    approval = await offer(house, "commercial_approval")
    return await offer(house, next=approval["id"]), approval


def words_of(made: dict[str, Any]) -> str:
    """What the link writes for whoever follows it."""
    return parse_qs(urlsplit(made["link"]).query)["text"][0]


async def say(house: House, who: str, **what: Any) -> str | None:
    """The person acts; returns when the product has acknowledged it."""
    assert house.sandbox is not None
    return await asyncio.to_thread(house.sandbox.inbound, who, **what)


def received(house: House, who: str) -> list[dict[str, Any]]:
    """What the person has got, oldest first, as it was posted."""
    assert house.sandbox is not None
    return [one["request"] for one in house.sandbox.messages() if one["request"].get("to") == who]


def text_of(request: dict[str, Any]) -> str:
    """The words of a message or a question."""
    found: str = request["text"]["body"] if request["type"] == "text" else request["interactive"]["body"]["text"]
    return found


def buttons_of(request: dict[str, Any]) -> dict[str, str]:
    """Title to payload."""
    buttons = request.get("interactive", {}).get("action", {}).get("buttons", [])
    return {button["reply"]["title"]: button["reply"]["id"] for button in buttons}


async def until_received(house: House, who: str, many: int, *, timeout_s: float = 15.0) -> list[dict[str, Any]]:
    """What the person has got, as soon as it is so many."""
    deadline = time.monotonic() + timeout_s
    while len(got := await asyncio.to_thread(received, house, who)) < many:
        assert time.monotonic() < deadline, f"only {len(got)} of {many} came"
        await asyncio.sleep(0.05)
    return got


async def until_counts(house: House, made: dict[str, Any], **wanted: int) -> dict[str, Any]:
    """The opt-in, as soon as it counts so many."""
    return await until(
        lambda: house.get(f"/v1/opt-ins/{made['id']}"),
        lambda body: all(body["counts"][state] == many for state, many in wanted.items()),
    )


async def until(ask: Callable[[], Any], is_so: Callable[[Any], bool], *, timeout_s: float = 15.0) -> Any:
    """What is answered, as soon as something is so of it."""
    deadline = time.monotonic() + timeout_s
    while not is_so(body := await ask()):
        assert time.monotonic() < deadline, f"never so; last: {body}"
        await asyncio.sleep(0.05)
    return body


async def settled(house: House) -> None:
    """Every webhook is acknowledged, and a worker has had several looks at what they say."""
    assert house.sandbox is not None
    await asyncio.to_thread(house.sandbox.await_quiet)
    await until(lambda: _queued(house), lambda left: left == 0)


async def _queued(house: House) -> int:
    from sqlalchemy import text

    async with house.run.db.begin() as session:
        return int(await session.scalar(text("SELECT count(*) FROM webhook_queue")) or 0)


async def challenges(house: House, made: dict[str, Any]) -> list[dict[str, Any]]:
    """The first page of an opt-in's challenges."""
    page: list[dict[str, Any]] = (await house.get(f"/v1/opt-ins/{made['id']}/challenges"))["data"]
    return page


async def verdict(house: House, who: str, purpose: str = MARKETING) -> tuple[bool, str | None]:
    """Whether a message may go now, and why not."""
    answer = await house.client.post("/v1/consents/check", json={"purpose": purpose, "recipients": [{"to": who}]})
    one = answer.json()["data"][0]
    return one["allowed"], one["refusal"]


async def acts(house: House, person: str) -> list[tuple[str, str, str]]:
    """(kind, act, method) of a person's ledger, oldest first."""
    page = await house.get(f"/v1/people/{person}/consents", limit=200)
    return [(line["record_kind"], line["act"], line["method"]) for line in page["data"]]


async def attest(house: House, made: dict[str, Any], challenge: dict[str, Any]) -> int:
    """Bring the İYS transaction; the status of the answer."""
    path = f"/v1/opt-ins/{made['id']}/challenges/{challenge['id']}/attest"
    return (await house.client.post(path, json={"transaction_id": "iys-7", "date": "2026-11-20"})).status_code
