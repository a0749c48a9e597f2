"""Every statement that moves a message does what the table of moves says: each event, on a row in each standing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.dispatch.cancel import close_queued
from app.dispatch.flow.lease import lease
from app.dispatch.flow.record import record, verdict_of
from app.dispatch.flow.settle import Told, settle_told
from app.dispatch.held import Hold, Leased
from app.dispatch.refuse_person import refuse_person
from app.dispatch.states import Event, Standing, State, move
from app.dispatch.sweep import sweep
from app.kit.clock import utc_now
from app.kit.ids import decode, new_id
from app.runtime import Runtime, TenantKeys
from app.senders.hold import hold_line
from app.tenants.keys import get_tenant_keys
from app.whatsapp.codes import ErrorClass
from app.whatsapp.outcomes import Accepted, NotSent, Outcome, Rejected, Uncertain
from tests.conftest import TestDatabase
from tests.house import House, phone

pytestmark = pytest.mark.anyio

CLOSED = [State.UNCERTAIN, State.SENT, State.FAILED, State.DELIVERED, State.READ]
NEVER_LEFT = [State.REFUSED, State.EXPIRED, State.CANCELLED]
ONCE = [
    Standing(),
    Standing(State.SENDING),
    *[Standing(state, posts=1) for state in CLOSED],
    *[Standing(state) for state in NEVER_LEFT],
]
AT_LEAST_ONCE = [
    Standing(resend=True),
    Standing(posts=1, unsure=True, resend=True),
    Standing(State.SENDING, resend=True),
    Standing(State.SENDING, posts=1, unsure=True, resend=True),
    Standing(State.SENDING, posts=2, unsure=True, resend=True),
]
OUTCOMES: dict[Event, Outcome] = {
    Event.TAKEN: Accepted("wamid.x", None, held=False),
    Event.DECLINED: Rejected(131026, ErrorClass.NEVER_RECIPIENT),
    Event.RETURNED: NotSent("connect_failed"),
    Event.LOST: Uncertain("read_timeout"),
}
CLAIM = "UPDATE toplu.dispatch SET state = 'sending', fence = $2, lease_until = clock_timestamp() + interval '1 min',"
QUEUE = "UPDATE toplu.dispatch SET"
PINNED = " purpose_version = 1, consent_event_id = $3, attempts = $4, unsure = $5 WHERE id = $1 AND $2 > 0"
GONE = (
    "WITH gone AS (DELETE FROM toplu.dispatch WHERE id = $1 RETURNING *)"
    " INSERT INTO toplu.outcomes (id, tenant_id, batch_id, state, reason, consent_event_id, attempts)"
    " SELECT id, tenant_id, batch_id, $2, 'arranged', $3, $4 FROM gone"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Messages of one batch, each put into its standing."""

    run: Runtime
    admin: asyncpg.Connection
    hold: Hold
    keys: TenantKeys
    batch: UUID
    rows: dict[UUID, Standing]


async def lay(house: House, run: Runtime, admin: asyncpg.Connection, standings: list[Standing]) -> Table:
    tenant, sender = house.tenant.id, decode("snd", house.tenant.sender)
    batch = decode("bat", (await house.send(*[phone(n) for n in range(len(standings))]))["id"])
    async with run.db.begin(tenant) as session:
        line = await hold_line(session, tenant, sender, "test", lease_s=60)
        keys = await get_tenant_keys(run, session, tenant)
    assert line is not None
    policy = "at_least_once" if standings[0].resend else "at_most_once"
    await admin.execute("UPDATE toplu.batches SET delivery_policy = $2 WHERE id = $1", batch, policy)
    found = await admin.fetch(
        "SELECT id, consent_event_id FROM toplu.messages WHERE batch_id = $1 ORDER BY row_number", batch
    )
    for row, standing in zip(found, standings, strict=True):
        pinned = (row["consent_event_id"], standing.posts, standing.unsure)
        if standing.state in (State.QUEUED, State.SENDING):
            head = CLAIM if standing.state is State.SENDING else QUEUE
            await admin.execute(head + PINNED, row["id"], line.fence, *pinned)
        else:
            await admin.execute(GONE, row["id"], standing.state.value, *pinned[:2])
    rows = {row["id"]: standing for row, standing in zip(found, standings, strict=True)}
    return Table(run, admin, Hold(tenant, sender, "test", line.fence), keys, batch, rows)


async def claim(table: Table, expires_at: datetime | None = None) -> None:
    at = expires_at or utc_now() + timedelta(days=1)
    async with table.run.db.begin(table.hold.tenant) as session:
        await lease(session, table.hold, table.batch, size=50, lease_s=60, expires_at=at)


async def claim_too_late(table: Table) -> None:
    await claim(table, utc_now() - timedelta(seconds=1))


async def lose_the_leases(table: Table) -> None:
    over = "UPDATE toplu.dispatch SET lease_until = '-infinity' WHERE batch_id = $1 AND state = 'sending'"
    await table.admin.execute(over, table.batch)
    await sweep(table.run.db, table.hold.tenant)


async def erase_everybody(table: Table) -> None:
    people = await table.admin.fetch("SELECT person_id FROM toplu.messages WHERE batch_id = $1", table.batch)
    async with table.run.db.begin(table.hold.tenant) as session:
        for row in people:
            await refuse_person(session, table.hold.tenant, row["person_id"])


def answer(event: Event, *, late: bool = False) -> Callable[[Table], Awaitable[None]]:
    async def act(table: Table) -> None:
        fence = table.hold.fence - late
        hold = Hold(table.hold.tenant, table.hold.sender, "test", fence)
        async with table.run.db.begin(hold.tenant) as session:
            said = [
                verdict_of(
                    Leased(id_, one.posts, id_, "phone", b"", None, b"", id_, b""), OUTCOMES[event], resend=one.resend
                )
                for id_, one in table.rows.items()
            ]
            await record(session, hold, table.keys, said)

    return act


def close(state: str) -> Callable[[Table], Awaitable[None]]:
    async def act(table: Table) -> None:
        async with table.run.db.begin(table.hold.tenant) as session:
            await close_queued(session, table.hold.tenant, [table.batch], state)

    return act


def tell(kind: str) -> Callable[[Table], Awaitable[None]]:
    async def act(table: Table) -> None:
        async with table.run.db.begin(table.hold.tenant) as session:
            told = [Told(id_, kind, utc_now(), None, None, new_id()) for id_ in table.rows]
            await settle_told(session, table.hold.tenant, told)

    return act


ACTS: dict[str, tuple[Event | None, Callable[[Table], Awaitable[None]]]] = {
    "a claim": (Event.CLAIMED, claim),
    "a claim too late": (Event.EXPIRED, claim_too_late),
    **{f"the answer {event.value}": (event, answer(event)) for event in OUTCOMES},
    **{f"a late writer's {event.value}": (None, answer(event, late=True)) for event in OUTCOMES},
    "a lease that is over": (Event.LEASE_OVER, lose_the_leases),
    "the end of its time": (Event.EXPIRED, close("expired")),
    "a cancelled batch": (Event.CANCELLED, close("cancelled")),
    **{f"the status {kind}": (Event(f"told_{kind}"), tell(kind)) for kind in ("sent", "failed", "delivered", "read")},
    "an erasure": (Event.GATED, erase_everybody),
}


async def test_every_statement_moves_a_message_as_the_table_says(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    await shop.consent(*[phone(n) for n in range(len(ONCE))])
    admin = await asyncpg.connect(module_database.admin_url)
    wanted, found = {}, {}

    for name, (event, act) in ACTS.items():
        for standings in (ONCE, AT_LEAST_ONCE):
            table = await lay(shop, worker, admin, standings)
            await act(table)
            after = await admin.fetch(
                "SELECT m.id, coalesce(o.state, d.state) AS state, coalesce(d.unsure, false) AS unsure"
                "  FROM toplu.messages AS m LEFT JOIN toplu.outcomes AS o ON o.id = m.id"
                "  LEFT JOIN toplu.dispatch AS d ON d.id = m.id WHERE m.batch_id = $1",
                table.batch,
            )
            for row in after:
                standing = table.rows[row["id"]]
                moved = standing if event is None else move(standing, event)
                unsure = moved.unsure and moved.state in (State.QUEUED, State.SENDING)
                wanted[name, standing] = (moved.state.value, unsure)
                found[name, standing] = (row["state"], row["unsure"])
    await admin.close()

    assert wanted == found
    assert {event for event, _ in ACTS.values()} == {None, *Event}
    assert len(wanted) == len(ACTS) * (len(ONCE) + len(AT_LEAST_ONCE))
