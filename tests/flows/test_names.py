"""What is queued when people turn out to be one, or a line is closed."""

import pytest

from app.consents.gate import Refusal
from tests.furnish import UTILITY
from tests.house import MARKETING, House, phone

pytestmark = pytest.mark.anyio

USER_ID = "TR.13491208655302741918"


async def person_of(house: House, **who: str) -> dict[str, object]:
    answer = await house.client.post("/v1/people/find", json=who)
    assert answer.is_success, answer.text
    found: dict[str, object] = answer.json()
    return found


async def consent_by_user_id(house: House) -> None:
    given = {
        "user_id": USER_ID,
        "purpose": MARKETING,
        "act": "given",
        "channel": "whatsapp",
        "method": "checkbox",
        "occurred_at": "2026-01-05T10:00:00Z",
    }
    rows = [
        given | {"notice_version_id": house.tenant.notice_version},
        given | {"kind": "commercial_approval", "iys": {"transaction_id": "iys-2", "date": "2026-01-05"}},
    ]
    answer = await house.client.post("/v1/consents", json={"consents": rows})
    assert answer.is_success, answer.text


async def queue_by_user_id(house: House) -> str:
    recipients = [{"user_id": USER_ID, "variables": {"first_name": "Ayşe"}}]
    return str((await house.send(recipients=recipients))["id"])


async def link(house: House, person: object, **who: str) -> None:
    body = who | {"reason": "same_customer", "merge": True}
    answer = await house.client.post(f"/v1/people/{person}/aliases", json=body)
    assert answer.is_success, answer.text


async def test_what_is_queued_for_somebody_who_was_absorbed_still_reaches_them(house: House) -> None:
    await house.consent(phone(1))
    await consent_by_user_id(house)
    await house.stop_worker()
    batch = await queue_by_user_id(house)

    await link(house, (await person_of(house, to=phone(1)))["id"], user_id=USER_ID)
    await house.start_worker()
    settled = await house.until_settled(batch)

    assert {"delivered", "read"} >= settled["counts"].keys()
    assert 1 == len(house.accepted())


async def test_what_is_queued_for_somebody_who_was_absorbed_stops_with_who_they_are_now(house: House) -> None:
    await house.consent(phone(1))
    await consent_by_user_id(house)
    await house.stop_worker()
    batch = await queue_by_user_id(house)
    await link(house, (await person_of(house, to=phone(1)))["id"], user_id=USER_ID)

    stop = {"people": [{"to": phone(1)}], "scope": "marketing", "channel": "api", "by": "person"}
    await house.client.post("/v1/suppressions", json=stop)
    await house.start_worker()
    settled = await house.until_settled(batch)

    assert {"suppressed": 1} == settled["refusals"]
    assert [] == house.accepted()


@pytest.mark.covers("A4b")
async def test_nothing_that_is_queued_for_a_closed_line_leaves(house: House) -> None:
    await house.consent(phone(1))
    await house.stop_worker()
    offer = await house.send(phone(1))
    order = await house.send(
        purpose=UTILITY,
        template={"name": "order_update", "language": "tr"},
        recipients=[{"to": phone(1), "variables": {"1": "yola çıktı"}, "basis_ref": "order-1"}],
    )
    person = await person_of(house, to=phone(1))
    aliases: list[dict[str, str]] = person["aliases"]  # type: ignore[assignment]

    closed = await house.client.post(
        f"/v1/people/{person['id']}/aliases/{aliases[0]['id']}/close", json={"reason": "line_closed"}
    )
    await house.start_worker()
    refusals = [(await house.until_settled(batch["id"]))["refusals"] for batch in (offer, order)]

    assert closed.is_success
    assert [{str(Refusal.CONSENT_INVALIDATED): 1}, {"line_closed": 1}] == refusals
    assert [] == house.accepted()
    assert "not this person's any more" in (await house.messages(order["id"]))[0]["why"]


async def test_two_names_of_one_person_are_one_recipient(house: House) -> None:
    await house.consent(phone(1))
    await link(house, (await person_of(house, to=phone(1)))["id"], user_id=USER_ID)

    recipients = [
        {who: name, "variables": {"first_name": "Ayşe"}} for who, name in (("to", phone(1)), ("user_id", USER_ID))
    ]
    batch = await house.send(recipients=recipients)
    settled = await house.until_settled(batch["id"])

    assert {"duplicate": 1} == settled["refusals"]
    assert 1 == len(house.accepted())
