"""Replies wait like campaigns while WhatsApp refuses the sender, and a refusal that is not theirs costs no try."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.kit.ids import new_id
from tests.rooms.inbound.stand import Stand, Tenant, a_phone, body_of, open_stand, said
from tests.unit.whatsapp.hostile import Seen, answering, serving
from tests.unit.whatsapp.hostile import http as answer

if TYPE_CHECKING:
    from uuid import UUID

    from tests.conftest import TestDatabase

pytestmark = pytest.mark.anyio


async def stop(stand: Stand) -> Tenant:
    """A person says stop, so one confirmation is owed, and the worker looks at it."""
    tenant = await stand.tenant()
    await stand.tell(body_of(tenant.value(messages=[said(a_phone(), "RET")])))
    return tenant


async def owed(stand: Stand, tenant: Tenant) -> list[tuple[str, int, int | None]]:
    """State, tries and WhatsApp's code of the tenant's replies."""
    rows = await stand.admin.fetch("SELECT state, tries, code FROM chat_replies WHERE tenant_id = $1", tenant.id)
    return [(row["state"], row["tries"], row["code"]) for row in rows]


async def look_again(stand: Stand, tenant: Tenant, times: int) -> None:
    """The worker's next looks, each as if the wait were over."""
    for _ in range(times):
        await stand.admin.execute("UPDATE chat_replies SET due_at = '-infinity' WHERE tenant_id = $1", tenant.id)
        await stand.settle()


async def test_a_reply_waits_while_the_line_is_halted(stand: Stand) -> None:
    tenant = await stand.tenant()
    await stand.admin.execute(
        "UPDATE sender_lines SET halted_until = 'infinity', halted_scope = 'account', halted_code = 131031,"
        " halted_at = clock_timestamp(), halts = 1 WHERE sender_id = $1",
        tenant.sender,
    )
    await stand.tell(body_of(tenant.value(messages=[said(a_phone(), "RET")])))
    assert [("owed", 0, None)] == await owed(stand, tenant)
    assert [] == stand.confirmations()

    await stand.admin.execute("UPDATE sender_lines SET halted_until = '-infinity' WHERE sender_id = $1", tenant.sender)
    await stand.settle()

    assert [("sent", 1, None)] == await owed(stand, tenant)
    assert 1 == len(stand.confirmations())


@pytest.mark.parametrize(("code", "status"), [(190, "401 Unauthorized"), (130429, "400 Bad Request")])
async def test_what_whatsapp_refuses_to_the_whole_sender_costs_a_reply_no_try(
    module_database: TestDatabase, code: int, status: str
) -> None:
    refusal = json.dumps({"error": {"message": "no", "type": "OAuthException", "code": code}}).encode()
    posted = Seen()
    async with (
        serving(answering(answer(status, refusal, "Content-Type: application/json"), posted), posted) as port,
        open_stand(module_database.url, module_database.admin_url, whatsapp_url=f"http://127.0.0.1:{port}") as stand,
    ):
        tenant = await stop(stand)
        await look_again(stand, tenant, 4)

        assert [("owed", 0, code)] == await owed(stand, tenant)
        assert 5 == len(posted.requests)


async def test_a_reply_that_never_left_costs_no_try(module_database: TestDatabase) -> None:
    async with open_stand(module_database.url, module_database.admin_url, whatsapp_url="http://127.0.0.1:1") as stand:
        tenant = await stop(stand)
        await look_again(stand, tenant, 4)

        assert [("owed", 0, None)] == await owed(stand, tenant)


async def test_a_reply_that_whatsapp_cannot_take_for_now_is_given_up_after_three_tries(
    module_database: TestDatabase,
) -> None:
    refusal = json.dumps({"error": {"message": "no", "type": "OAuthException", "code": 131056}}).encode()
    posted = Seen()
    async with (
        serving(
            answering(answer("400 Bad Request", refusal, "Content-Type: application/json"), posted), posted
        ) as port,
        open_stand(module_database.url, module_database.admin_url, whatsapp_url=f"http://127.0.0.1:{port}") as stand,
    ):
        tenant = await stop(stand)
        await look_again(stand, tenant, 4)

        assert [("refused", 3, 131056)] == await owed(stand, tenant)
        assert 3 == len(posted.requests)


async def owe_twice(stand: Stand, tenant: Tenant) -> list[UUID]:
    """Two replies to one person, owed one after the other."""
    person = await stand.consent(tenant, a_phone())
    ids = [new_id(), new_id()]
    await stand.admin.executemany(
        "INSERT INTO chat_replies (id, tenant_id, sender_id, person_id, alias_id, kind, answers, purpose_id,"
        " window_until) SELECT $1, $2, $3, $4, a.id, 'start_help', $1, 10, clock_timestamp() + interval '1 hour'"
        " FROM aliases AS a WHERE a.person_id = $4",
        [(id_, tenant.id, tenant.sender, person) for id_ in ids],
    )
    return ids


async def test_a_reply_waits_while_another_worker_posts_an_earlier_one_to_the_person(stand: Stand) -> None:
    tenant = await stand.tenant()
    first, _ = await owe_twice(stand, tenant)
    await stand.admin.execute(
        "UPDATE chat_replies SET state = 'taken', taken_at = clock_timestamp() WHERE id = $1", first
    )

    await stand.settle()
    meanwhile = await owed(stand, tenant)
    await stand.admin.execute("UPDATE chat_replies SET state = 'sent' WHERE id = $1", first)
    await stand.settle()

    assert [("owed", 0, None), ("taken", 0, None)] == sorted(meanwhile)
    assert [("sent", 0), ("sent", 1)] == sorted((state, tries) for state, tries, _ in await owed(stand, tenant))


async def test_a_reply_waits_while_another_worker_takes_an_earlier_one_to_the_person(stand: Stand) -> None:
    tenant = await stand.tenant()
    first, _ = await owe_twice(stand, tenant)

    async with stand.admin.transaction():
        await stand.admin.execute("SELECT FROM chat_replies WHERE id = $1 FOR UPDATE", first)
        await stand.settle()
        meanwhile = await owed(stand, tenant)
    await stand.settle()

    assert [("owed", 0, None)] * 2 == meanwhile
    assert [("sent", 1, None)] * 2 == await owed(stand, tenant)


async def test_a_reply_that_is_to_be_tried_again_later_holds_up_no_other(stand: Stand) -> None:
    tenant = await stand.tenant()
    first, _ = await owe_twice(stand, tenant)
    await stand.admin.execute("UPDATE chat_replies SET due_at = 'infinity' WHERE id = $1", first)

    await stand.settle()

    assert [("owed", 0, None), ("sent", 1, None)] == sorted(await owed(stand, tenant))
