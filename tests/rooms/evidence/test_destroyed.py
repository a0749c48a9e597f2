"""What the law asks to be destroyed leaves a gap in the chain that is named in it, and any other gap is a flaw."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.evidence.examine import Examination, Flaw, Flawed
from app.evidence.signer import signer_of
from app.evidence.verify import Verified, verify_chain
from app.evidence.verify_export import verify_export
from app.kit.ids import encode
from app.retention.run import Ran, run_retention
from tests.conftest import TestDatabase
from tests.house import phone
from tests.rooms.evidence.stand import Stand

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
OLD = 1_100  # days: older than the least that may be chosen
CLASSES = ("message_records", "consent_records", "audit_events")


@pytest.fixture
async def owner(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:  # type: ignore[type-arg]
    """Somebody with every right in the database."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("SET search_path = toplu")
    yield connection
    await connection.close()


@pytest.fixture
async def destroyed(stand: Stand, owner: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Stand, Ran]:
    """A consent that was withdrawn and a batch that ended, three years ago; what is over is gone, all is sealed."""
    monkeypatch.setattr("app.evidence.checkpoint.EVERY_S", 0.0)
    await stand.house.consent(phone(1), phone(2))
    await stand.house.withdraw(phone(2))
    held = await stand.house.send(phone(1), phone(2), phone(3))
    await stand.house.client.post(f"/v1/batches/{held['id']}/cancel")
    await stand.seal()
    (kept, *_) = await stand.house.messages(held["id"])
    await stand.house.client.post(f"/v1/people/{kept['person']}/holds", json={"reason": "lawsuit"})
    rules = [{"data_class": name, "keep_days": 1_095} for name in CLASSES]
    assert (await stand.house.client.put("/v1/retention-rules", json={"rules": rules})).is_success
    await stand.seal()
    await owner.execute("UPDATE business_clock SET shift = make_interval(days => $1)", OLD)
    ran = await run_retention(stand.run, stand.tenant, actor="test")
    await stand.seal()
    return stand, ran


async def verify(stand: Stand) -> Verified:
    return await verify_chain(stand.house.run, stand.tenant, [signer_of(stand.run, stand.tenant).verifier])


async def flaw_of(stand: Stand) -> Flaw | None:
    try:
        await verify(stand)
    except Flawed as found:
        return found.flaw
    return None


async def unguard(owner: Any, *tables: str) -> None:
    for table in tables:
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


async def test_what_was_destroyed_by_rule_is_told_with_its_run_and_the_chain_holds(
    destroyed: tuple[Stand, Ran],
) -> None:
    stand, ran = destroyed
    assert ran.id is not None

    found = await verify(stand)

    gone = {name: ran.destroyed[name] for name in CLASSES}
    assert min(gone.values()) > 0
    assert gone["consent_records"] + gone["audit_events"] == found.exam.destroyed
    assert {encode("dst", ran.id): sum(gone.values())} == dict(found.destroyed)
    assert 1 == found.decisions, "the message of the person on hold is still there, and was recomputed"


async def test_an_export_names_what_is_gone_and_holds_without_a_database(destroyed: tuple[Stand, Ran]) -> None:
    stand, ran = destroyed
    assert ran.id is not None

    lines = await exported(stand)
    exam = examine(lines)

    gaps = [line for line in lines if line.get("destroyed")]
    assert {encode("dst", ran.id)} == {line["destroyed"]["run"] for line in gaps}
    assert len(gaps) == exam.destroyed == ran.destroyed["consent_records"] + ran.destroyed["audit_events"]


UNLAWFUL = {
    "a line that still decides": "DELETE FROM consent_events WHERE ctid = (SELECT min(ctid) FROM consent_events)",
    "a decision": "DELETE FROM outcomes",
    "the act that names the gaps": "DELETE FROM audit_events WHERE action = 'records.destroyed'",
    "the list that names the gaps": "DELETE FROM destroyed_rows",
    "one more under an old list": "UPDATE destroyed_rows SET ids = ids || (SELECT min(id::text)::uuid FROM"
    " consent_events), last_id = greatest(last_id, (SELECT max(id::text)::uuid FROM consent_events));"
    " DELETE FROM consent_events WHERE ctid = (SELECT min(ctid) FROM consent_events)",
}


@pytest.mark.parametrize("act", UNLAWFUL.values(), ids=UNLAWFUL.keys())
async def test_whatever_else_is_gone_is_missing(destroyed: tuple[Stand, Ran], owner: Any, act: str) -> None:
    stand, _ = destroyed
    await unguard(owner, "consent_events", "outcomes", "audit_events", "destroyed_rows")
    before = await flaw_of(stand)
    await owner.execute(act)

    assert (None, Flaw.MISSING) == (before, await flaw_of(stand))


async def test_a_list_that_no_act_in_the_chain_names_excuses_nothing(stand: Stand, owner: Any) -> None:
    await stand.house.consent(phone(1))
    await stand.seal()
    await unguard(owner, "consent_events", "destroyed_rows")
    await owner.execute(
        "INSERT INTO destroyed_rows (act_id, tenant_id, run_id, data_class, ids, first_id, last_id)"
        " SELECT (SELECT id FROM audit_events LIMIT 1), tenant_id, id, 'consent_records', ARRAY[id], id, id"
        " FROM consent_events LIMIT 1; DELETE FROM consent_events"
    )

    assert Flaw.MISSING == await flaw_of(stand)


async def test_nobody_can_strike_a_content_out_of_an_export_and_call_it_destroyed(
    destroyed: tuple[Stand, Ran],
) -> None:
    stand, _ = destroyed
    lines = await exported(stand)
    gap = next(line for line in lines if line.get("destroyed"))
    victim = next(line for line in lines if line["type"] == "link" and line["content"] is not None)
    victim |= {"content": None, "destroyed": gap["destroyed"]}

    with pytest.raises(Flawed, match="missing"):
        examine(lines)


async def test_an_erased_person_leaves_no_gap(stand: Stand) -> None:
    await stand.house.consent(phone(1))
    batch = await stand.house.send(phone(1))
    await stand.house.client.post(f"/v1/batches/{batch['id']}/cancel")
    await stand.seal()
    (message,) = await stand.house.messages(batch["id"])

    erased = await stand.house.client.post(f"/v1/people/{message['person']}/erase", json={"reason": "request"})
    await stand.seal()
    found = await verify(stand)

    assert erased.is_success, erased.text
    assert (0, 1, {}) == (found.exam.destroyed, found.decisions, dict(found.destroyed))


async def test_acts_that_prove_the_chain_are_never_destroyed(destroyed: tuple[Stand, Ran], owner: Any) -> None:
    stand, _ = destroyed
    await owner.execute("UPDATE business_clock SET shift = make_interval(days => $1)", 2 * OLD)

    await run_retention(stand.run, stand.tenant, actor="test")
    await stand.seal()

    assert await flaw_of(stand) is None


async def exported(stand: Stand) -> list[Json]:
    answer = await stand.house.client.get("/v1/audit/export")
    return [json.loads(line) for line in answer.text.splitlines()]


def examine(lines: list[Json]) -> Examination:
    return verify_export((json.dumps(line).encode() for line in lines), None)
