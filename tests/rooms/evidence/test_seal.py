"""Everything that is written is sealed once, in one gap-free chain, whenever its transaction commits."""

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.evidence import seal as sealing
from app.evidence.chain import BEGINNING, link_hash
from app.evidence.contents import in_utc, read_contents
from app.evidence.sealer import Sealer
from app.evidence.tree import prove_consistency, prove_inclusion, root_at
from app.kit.ids import decode, new_id
from app.kit.merkle import follow, is_consistent, leaf_hash, root_of
from app.kit.notes import Checkpoint, Verifier
from tests.conftest import TestDatabase
from tests.house import phone
from tests.rooms.evidence.stand import Stand

pytestmark = pytest.mark.anyio

INSERT = text(
    "INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel)"
    " VALUES (:id, :tenant, :person, 'suppression', 'raised', 'person', 'all', clock_timestamp(), 'api')"
)


async def links(stand: Stand) -> list[Any]:
    return await stand.rows("SELECT * FROM chain_links ORDER BY seq")


async def add_event(stand: Stand, session: Any) -> UUID:
    """One line of the ledger, in somebody's open transaction."""
    event = new_id()
    await session.execute(INSERT, {"id": event, "tenant": stand.tenant, "person": new_id()})
    return event


async def add_many(stand: Stand, count: int) -> None:
    many = text(
        "INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel)"
        " SELECT new_id(), :tenant, new_id(), 'suppression', 'raised', 'person', 'all', clock_timestamp(), 'api'"
        " FROM generate_series(1, :count)"
    )
    async with stand.run.db.begin(stand.tenant) as session:
        await session.execute(many, {"tenant": stand.tenant, "count": count})


@pytest.mark.covers("O7")
async def test_every_act_and_every_ledger_line_is_one_link_and_nothing_is_sealed_twice(stand: Stand) -> None:
    await stand.house.consent(phone(1), phone(2))
    await stand.seal()
    await stand.house.withdraw(phone(1))
    await stand.seal()

    again = await stand.seal()
    found = await links(stand)

    (written,) = await stand.rows(
        "SELECT (SELECT count(*) FROM consent_events) + (SELECT count(*) FROM audit_events) AS n"
    )
    assert 0 == again
    assert written.n == len(found)
    assert list(range(1, len(found) + 1)) == [link.seq for link in found]
    before = BEGINNING
    for link in found:
        assert link_hash(link.seq, before, link.digest) == link.hash
        before = link.hash


async def test_what_commits_late_with_an_older_id_is_sealed_too(stand: Stand) -> None:
    await stand.seal()

    async with stand.run.db.begin(stand.tenant) as slow:
        older = await add_event(stand, slow)
        async with stand.run.db.begin(stand.tenant) as quick:
            newer = await add_event(stand, quick)
        await stand.seal()
        while_open = [link.source_id for link in await links(stand)]
    await stand.seal()
    after = [link.source_id for link in await links(stand)]

    assert older < newer
    assert (newer, False) == (while_open[-1], older in while_open)
    assert [*while_open, older] == after


async def test_what_is_rolled_back_is_never_sealed(stand: Stand) -> None:
    await stand.seal()
    before = len(await links(stand))

    with pytest.raises(DBAPIError):
        async with stand.run.db.begin(stand.tenant) as session:
            await add_event(stand, session)
            await session.execute(text("SELECT 1 / 0"))
    await stand.seal()

    assert before == len(await links(stand))


async def test_two_sealers_at_once_make_one_chain(stand: Stand) -> None:
    await add_many(stand, 2_000)

    await asyncio.gather(*(Sealer(stand.run).look() for _ in range(3)))
    await stand.seal()
    found = await links(stand)

    assert list(range(1, len(found) + 1)) == [link.seq for link in found]
    assert len(found) == len({link.source_id for link in found})


async def test_a_chain_over_many_pages_keeps_what_proves_each_link_and_each_earlier_size(stand: Stand) -> None:
    await add_many(stand, 700)
    await stand.seal()
    await add_many(stand, 66_000)
    await stand.seal()
    leaves = [leaf_hash(link.hash) for link in await links(stand)]
    size = len(leaves)

    async with stand.run.db.begin(stand.tenant) as session:
        root = await root_at(session, stand.tenant, size)
        earlier = await root_at(session, stand.tenant, 700)
        paths = {seq: await prove_inclusion(session, stand.tenant, seq, size) for seq in (1, 256, 257, 65_536, size)}
        consistent = await prove_consistency(session, stand.tenant, 700, size)

    assert root_of(leaves) == root
    assert root_of(leaves[:700]) == earlier
    assert [root] * 5 == [follow(leaves[seq - 1], seq - 1, size, path) for seq, path in paths.items()]
    assert is_consistent(700, size, earlier, root, consistent)


async def test_a_column_that_comes_later_is_sealed_and_changes_no_digest_of_before(
    stand: Stand, database: TestDatabase
) -> None:
    await stand.house.consent(phone(1))
    await stand.seal()
    (old,) = await stand.rows("SELECT source_id, digest FROM chain_links WHERE source = 'consent' ORDER BY seq LIMIT 1")
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("ALTER TABLE toplu.consent_events ADD COLUMN proxy_kind text")
    await admin.execute(
        "INSERT INTO toplu.consent_events (id, tenant_id, person_id, record_kind, act, entity, scope,"
        " occurred_at, channel, proxy_kind) SELECT $1, tenant_id, person_id, 'suppression', 'raised',"
        " 'person', 'all', now(), 'api', 'parent' FROM toplu.consent_events LIMIT 1",
        fresh := new_id(),
    )
    await admin.close()
    async with stand.run.db.begin(stand.tenant) as session:
        await in_utc(session)
        contents = await read_contents(session, stand.tenant, "consent", [old.source_id, fresh])

    assert b"proxy_kind" not in contents[old.source_id]
    assert "parent" == json.loads(contents[fresh])["proxy_kind"]
    from hashlib import sha256

    assert old.digest == sha256(contents[old.source_id]).digest()


async def test_contents_hold_neither_sealed_values_nor_anything_empty(stand: Stand) -> None:
    await stand.house.consent(phone(1))
    async with stand.run.db.begin(stand.tenant) as session:
        await in_utc(session)
        ids = list((await session.execute(text("SELECT id FROM consent_events"))).scalars())
        contents = await read_contents(session, stand.tenant, "consent", ids)

    read = [json.loads(content) for content in contents.values()]
    assert 2 == len(read)
    assert all("evidence_ct" not in one and None not in one.values() for one in read)
    assert all(one["occurred_at"].endswith("+00:00") for one in read)


async def test_a_checkpoint_says_how_long_the_chain_is_under_a_signature(stand: Stand) -> None:
    await stand.house.consent(phone(1))
    await stand.seal()

    (row,) = await stand.rows("SELECT * FROM checkpoints")
    said = Checkpoint.read(Verifier.read(row.key).open_note(row.note))
    found = await links(stand)

    assert (len(found), root_of([leaf_hash(link.hash) for link in found])) == (said.size, said.root)
    assert (said.size, said.root) == (row.size, row.root)


async def test_a_checkpoint_that_comes_too_early_is_owed_and_made_later(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand.seal()
    await stand.house.consent(phone(1))
    await stand.seal()
    owed = await stand.rows("SELECT source FROM seal_queue")
    early = await stand.rows("SELECT size FROM checkpoints")

    monkeypatch.setattr("app.evidence.checkpoint.EVERY_S", 0.0)
    await stand.seal()
    later = await stand.rows("SELECT size FROM checkpoints ORDER BY size")

    assert ["checkpoint"] == [row.source for row in owed]
    assert (1, 2) == (len(early), len(later))
    assert [] == await stand.rows("SELECT source FROM seal_queue")
    assert len(await links(stand)) == later[-1].size


async def test_no_checkpoint_is_ever_shorter_than_one_before(stand: Stand, database: TestDatabase) -> None:
    await stand.seal()
    admin = await asyncpg.connect(database.admin_url)

    with pytest.raises(asyncpg.CheckViolationError):
        await admin.execute(
            "INSERT INTO toplu.checkpoints (id, tenant_id, size, root, note, key)"
            " SELECT gen_random_uuid(), tenant_id, 1, root, note, key FROM toplu.checkpoints"
        )
    await admin.close()


@pytest.mark.covers("O7")
@pytest.mark.parametrize("table", ["chain_links", "chain_nodes", "decision_roots", "checkpoints"])
async def test_nobody_rewrites_what_is_sealed(stand: Stand, database: TestDatabase, table: str) -> None:
    admin = await asyncpg.connect(database.admin_url)

    for act in (f"DELETE FROM toplu.{table}", f"UPDATE toplu.{table} SET tenant_id = tenant_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await admin.execute(act)
    await admin.close()


async def test_decisions_of_a_draft_wait_until_it_begins(stand: Stand) -> None:
    await stand.house.consent(phone(1))
    draft = await stand.house.send(phone(1), phone(2), start=False)
    await stand.seal()
    of_draft = await stand.rows("SELECT * FROM decision_roots")

    await stand.house.client.post(f"/v1/batches/{draft['id']}/cancel")
    await stand.seal()
    (tree,) = await stand.rows("SELECT * FROM decision_roots")

    assert [] == of_draft
    assert (2, decode("bat", draft["id"])) == (tree.size, tree.batch_id)
    assert {decode("msg", message["id"]) for message in await stand.house.messages(draft["id"])} == set(tree.ids)


async def test_decisions_wait_for_others_of_their_batch_and_large_sets_make_several_trees(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "TREE", 3)
    await stand.house.consent(phone(1))
    few = await stand.house.send(phone(1), phone(2))
    await stand.seal()
    waiting = await stand.rows("SELECT * FROM decision_roots")
    many = await stand.house.send(phone(1), *map(phone, range(2, 10)))
    await stand.seal()
    trees = await stand.rows("SELECT * FROM decision_roots")

    assert "running" == few["state"]
    assert [] == waiting
    assert {decode("bat", many["id"])} == {tree.batch_id for tree in trees}
    assert [3, 3, 2] == [tree.size for tree in trees]
