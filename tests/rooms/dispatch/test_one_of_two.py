"""Two people turn out to be one after a batch was accepted for both: they are written to once, and counted as one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.kit.ids import decode
from tests.conftest import TestDatabase
from tests.furnish import UTILITY
from tests.house import House, phone
from tests.rooms.dispatch.test_frequency import Claims, opened

pytestmark = pytest.mark.anyio

ONE, OTHER = phone(1), phone(2)


@pytest.fixture
async def claims(api_only: House, database: TestDatabase) -> AsyncIterator[Claims]:
    await api_only.consent(ONE, OTHER, phone(3))
    async with opened(api_only, database) as found:
        yield found


async def unite(claims: Claims, into: str = ONE, gone: str = OTHER) -> None:
    answer = await claims.house.client.post("/v1/people/find", json={"to": into})
    body = {"to": gone, "reason": "same_customer", "merge": True}
    merged = await claims.house.client.post(f"/v1/people/{answer.json()['id']}/aliases", json=body)
    assert merged.is_success, merged.text


async def becomes(claims: Claims, message: UUID, state: str) -> None:
    """What was claimed got its answer."""
    await claims.admin.execute(
        "WITH gone AS (DELETE FROM toplu.dispatch WHERE id = $1 RETURNING *)"
        " INSERT INTO toplu.outcomes (id, tenant_id, batch_id, state, consent_event_id, purpose_version)"
        " SELECT id, tenant_id, batch_id, $2, consent_event_id, purpose_version FROM gone",
        message,
        state,
    )


async def test_who_was_written_to_under_one_name_is_not_written_to_under_the_other(claims: Claims) -> None:
    batch = await claims.send(ONE, OTHER, phone(3))
    first = await claims.claim(batch, size=1)
    await becomes(claims, first.leased[0].id, "sent")
    await unite(claims)

    rest = await claims.claim(batch)

    shown = (await claims.house.get("/v1/batches"))["data"][0]
    messages = {one["row"]: one for one in await claims.house.messages(shown["id"])}
    assert (2, [decode("msg", messages[3]["id"])]) == (rest.seen, [one.id for one in rest.leased])
    assert ("refused", "duplicate") == (messages[2]["state"], messages[2]["reason"])
    assert "in this batch already (asked when it was about to be sent" in messages[2]["why"]
    assert {"duplicate": 1} == shown["refusals"]


async def test_of_two_that_are_claimed_together_the_first_goes_also_without_a_cap(claims: Claims) -> None:
    rows = [{"to": to, "variables": {"1": "yolda"}, "basis_ref": "order-1"} for to in (ONE, OTHER, phone(3))]
    template = {"name": "order_update", "language": "tr"}
    batch = await claims.send(purpose=UTILITY, template=template, recipients=rows)
    await unite(claims, into=OTHER, gone=ONE)

    page = await claims.claim(batch)

    messages = await claims.house.messages((await claims.house.get("/v1/batches"))["data"][0]["id"])
    assert ["sending", "refused", "sending"] == [one["state"] for one in messages]
    assert (3, 2) == (page.seen, len(page.leased))


@pytest.mark.parametrize("state", ["failed", "expired"])
async def test_whoever_got_nothing_is_written_to_under_their_other_name(claims: Claims, state: str) -> None:
    batch = await claims.send(ONE, OTHER)
    first = await claims.claim(batch, size=1)
    await becomes(claims, first.leased[0].id, state)
    await unite(claims)

    second = await claims.claim(batch)

    assert 1 == len(second.leased)


async def test_what_was_counted_for_either_is_counted_for_who_they_are(claims: Claims) -> None:
    """One each, before they were one: two of them, of which the first is the one that ends the wait."""
    monday = claims.now + timedelta(days=1)
    await claims.shows(monday)
    assert 1 == await claims.send_and_claim(ONE)
    await claims.shows(monday + timedelta(days=2))
    assert 1 == await claims.send_and_claim(OTHER)
    queued_before = await claims.send(OTHER)
    await unite(claims)

    third = [await claims.claim(queued_before), await claims.claim(await claims.send(ONE))]
    await claims.shows(monday + timedelta(days=7, minutes=1))
    later = await claims.send_and_claim(ONE)
    after_that = await claims.send_and_claim(OTHER)

    assert [(1, 0), (1, 0)] == [(page.seen, len(page.leased)) for page in third]
    assert (1, 0) == (later, after_that)
