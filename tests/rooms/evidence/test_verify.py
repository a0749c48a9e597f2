"""The chain is examined where it lives: whoever changes a row under it is found, and the reason is named."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from app.evidence.examine import Flaw, Flawed
from app.evidence.signer import signer_of
from app.evidence.verify import Verified, verify_chain
from app.kit.notes import Checkpoint, Signer
from tests.conftest import TestDatabase
from tests.house import phone
from tests.rooms.evidence.stand import Stand

pytestmark = pytest.mark.anyio

UNGUARDED = "ALTER TABLE {0} DISABLE TRIGGER USER"


@pytest.fixture
async def sealed(stand: Stand) -> Stand:
    """Two people, one of them withdrawn; a batch that is over; everything sealed."""
    await stand.house.consent(phone(1), phone(2))
    await stand.house.withdraw(phone(2))
    batch = await stand.house.send(phone(1), phone(2), phone(3))
    await stand.house.client.post(f"/v1/batches/{batch['id']}/cancel")
    await stand.seal()
    return stand


@pytest.fixture
async def owner(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:  # type: ignore[type-arg]
    """Somebody with every right in the database, and no guard in the way."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("SET search_path = toplu")
    tables = await connection.fetch(
        "SELECT tgrelid::regclass AS name FROM pg_trigger WHERE NOT tgisinternal GROUP BY 1"
    )
    for table in tables:
        await connection.execute(UNGUARDED.format(table["name"]))
    yield connection
    await connection.close()


async def verify(stand: Stand, kept: Sequence[Checkpoint] = ()) -> Verified:
    return await verify_chain(stand.house.run, stand.tenant, [signer_of(stand.run, stand.tenant).verifier], kept)


async def flaw_of(stand: Stand, kept: Sequence[Checkpoint] = ()) -> Flaw | None:
    try:
        await verify(stand, kept)
    except Flawed as found:
        return found.flaw
    return None


@pytest.mark.covers("O7")
async def test_a_chain_that_nobody_touched_holds_with_its_decisions(sealed: Stand) -> None:
    found = await verify(sealed)

    (links,) = await sealed.rows("SELECT count(*) AS n FROM chain_links")
    assert (links.n, 3, 0) == (found.exam.seen, found.decisions, found.waiting)


CHANGES = {
    "UPDATE consent_events SET method = 'signature' WHERE act = 'given'": Flaw.EDITED,
    "UPDATE consent_events SET occurred_at = occurred_at - interval '1 day'": Flaw.EDITED,
    "UPDATE audit_events SET actor = 'nobody'": Flaw.EDITED,
    "UPDATE outcomes SET consent_event_id = gen_random_uuid() WHERE state = 'cancelled'": Flaw.EDITED,
    "UPDATE outcomes SET reason = 'duplicate' WHERE state = 'refused'": Flaw.EDITED,
    "UPDATE decision_roots SET root = sha256('x')": Flaw.EDITED,
    "DELETE FROM consent_events WHERE act = 'withdrawn'": Flaw.MISSING,
    "DELETE FROM audit_events": Flaw.MISSING,
    "DELETE FROM outcomes": Flaw.MISSING,
    "DELETE FROM chain_links WHERE seq = 2": Flaw.MISSING,
    "DELETE FROM decision_roots": Flaw.MISSING,
    "DELETE FROM chain_links WHERE seq > 5": Flaw.TRUNCATED,
    "UPDATE chain_links SET hash = sha256('x') WHERE seq = 3": Flaw.REORDERED,
    "UPDATE chain_links SET seq = -seq WHERE seq IN (2, 3); UPDATE chain_links SET seq = 5 + seq WHERE seq < 0": (
        Flaw.REORDERED
    ),
    "UPDATE checkpoints SET note = replace(note, E'\\n\\n', E'x\\n\\n')": Flaw.FORGED,
}


@pytest.mark.covers("O7")
@pytest.mark.parametrize(("change", "flaw"), CHANGES.items())
async def test_whoever_changes_a_row_under_the_chain_is_found(
    sealed: Stand,
    owner: asyncpg.Connection,  # type: ignore[type-arg]
    change: str,
    flaw: Flaw,
) -> None:
    await owner.execute("ALTER TABLE chain_links DROP CONSTRAINT chain_links_seq_check")
    await owner.execute(change)

    assert flaw == await flaw_of(sealed)


async def test_what_climbs_later_changes_no_decision(
    sealed: Stand,
    owner: asyncpg.Connection,  # type: ignore[type-arg]
) -> None:
    await owner.execute("UPDATE outcomes SET delivered_at = now(), meta_code = 131026, attempts = 3")

    assert await flaw_of(sealed) is None


async def test_what_is_kept_out_of_the_chain_is_found_once_it_is_old(
    sealed: Stand,
    owner: asyncpg.Connection,  # type: ignore[type-arg]
) -> None:
    add = (
        "INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel)"
        " SELECT id_floor(now() - $1::interval), tenant_id, person_id, 'suppression', 'lifted', 'person', 'all', now(),"
        " 'api' FROM consent_events LIMIT 1"
    )
    from datetime import timedelta

    await owner.execute(add, timedelta(minutes=1))
    fresh = await flaw_of(sealed)
    await owner.execute(add, timedelta(hours=2))
    old = await flaw_of(sealed)

    assert (None, Flaw.UNSEALED) == (fresh, old)


async def test_a_checkpoint_that_was_kept_knows_of_a_tail_that_was_cut_with_its_checkpoints(
    sealed: Stand,
    owner: asyncpg.Connection,  # type: ignore[type-arg]
) -> None:
    (row,) = await sealed.rows("SELECT note FROM checkpoints")
    kept = Checkpoint.read(signer_of(sealed.run, sealed.tenant).verifier.open_note(row.note))
    await owner.execute("DELETE FROM checkpoints; DELETE FROM chain_links WHERE seq > 5")

    assert await flaw_of(sealed) is None
    assert Flaw.TRUNCATED == await flaw_of(sealed, [kept])


async def test_another_key_is_not_believed(sealed: Stand) -> None:
    stranger = Signer(signer_of(sealed.run, sealed.tenant).name, b"\x09" * 32).verifier

    with pytest.raises(Flawed, match="unknown_key"):
        await verify_chain(sealed.house.run, sealed.tenant, [stranger])
