"""How long it takes after a fault until everything goes on, and what the fault may have parted from its worker."""

import asyncio
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
import httpx

from app.inbound.take import LEASE_S
from app.kit.clock import utc_now
from tests.chaos.faults import LEAVING
from tests.chaos.stack import Stack

RECOVERED_S = 60.0
READ_S = LEASE_S / 2  # a lease that a fault left behind is longer
COMMITTED_S = 0.3  # after a kill: what its claim still had to commit is there

# The numbers with something due. The earliest of each batch, by its index: asked as EXISTS over the join it read the
# whole queue whenever one line had nothing due (25 to 50 ms at 100,000 messages, five times a second; this one 0.2 ms).
_WAITING = (
    "SELECT DISTINCT s.phone_number_id AS number FROM batches AS b JOIN senders AS s ON s.id = b.sender_id"
    " WHERE b.state = 'running' AND (SELECT d.due_at FROM dispatch AS d WHERE d.batch_id = b.id AND d.state = 'queued'"
    " ORDER BY d.due_at LIMIT 1) < clock_timestamp() - interval '1 second'"
)


async def recovered(stack: Stack) -> float:
    """Seconds until every line that has work was heard by WhatsApp again, and the API answers."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * RECOVERED_S:
        waiting = await stack.ask(_WAITING)
        silent = [row["number"] for row in waiting if stack.heard.get(row["number"], 0.0) < began + 0.2]
        if not silent and await _answers(stack):
            return time.monotonic() - began
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def _answers(stack: Stack) -> bool:
    with suppress(httpx.HTTPError):
        return (await stack.client.get("/readyz", timeout=2)).is_success
    return False


async def under_way(stack: Stack) -> set[str]:
    """Every message that a worker has claimed and has no outcome."""
    return {row["id"] for row in await stack.ask("SELECT id::text AS id FROM dispatch WHERE state = 'sending'")}


@dataclass(slots=True)
class Webhooks:
    """After each fault, while the next ones strike: when is every webhook read that had come before it was over?

    What a worker was reading when it was killed or stood still waits for the end of its lease. That is by design, so it
    is the affair of that fault alone, which has a lease longer for it.
    """

    stack: Stack
    read_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # by the kind of fault
    _late_rows: list[str] = field(default_factory=list)  # what waited when its time was over
    _left_by: dict[UUID, int] = field(default_factory=dict)  # the fault to blame, by its number
    _last_over: datetime = field(default_factory=utc_now)  # when the fault before this one was
    _parted: dict[UUID, datetime] = field(default_factory=dict)  # the ends of leases that nobody is behind any more
    _following: list[asyncio.Task[None]] = field(default_factory=list)

    async def leave(self, number: int, kind: str) -> None:
        """What is being read now may be left to its lease by this fault, and by none before it.

        One that parts a worker from what it reads takes over also what was taken before the last fault was over: that
        was being read well until now, unless it is the very lease that another of this kind has left.
        """
        taken = await self._leased() if kind in LEAVING else [row for row in await self._ours() if row["leased"]]
        left = {row["raw_id"]: row["due_at"] for row in taken if self._parted.get(row["raw_id"]) != row["due_at"]}
        self._left_by |= dict.fromkeys(left, number)
        if kind in LEAVING:
            self._parted |= left

    async def follow(self, number: int, kind: str) -> None:
        """The fault is over: time what has come until now and is no earlier fault's."""
        self._left_by = {row["raw_id"]: number for row in await self._ours()} | self._left_by
        await self.leave(number, kind)
        self._last_over = utc_now()
        self._following.append(asyncio.create_task(self._until_read(number, kind), name=kind))

    async def _until_read(self, number: int, kind: str) -> None:
        began, told = time.monotonic(), False
        while (passed_s := time.monotonic() - began) < 2 * _read_within_s(kind):
            rows = await self.stack.ask("SELECT raw_id FROM webhook_queue")
            left = [row["raw_id"] for row in rows if self._left_by.get(row["raw_id"]) == number]
            if not left:
                break
            if passed_s > _read_within_s(kind) and not told:
                self._late_rows += [f"{kind}, number {number}: {row}" for row in await self._shown(left)]
                told = True
            await asyncio.sleep(0.5)
        self.read_s[kind].append(time.monotonic() - began)

    async def _shown(self, left: list[UUID]) -> list[str]:
        """How these stand, for whoever asks why they wait."""
        rows = await self.stack.ask(
            "SELECT tries, urgent, extract(epoch FROM due_at - clock_timestamp())::int AS due_in_s,"
            " count(*) AS webhooks"
            "  FROM webhook_queue WHERE raw_id = ANY ($1::uuid[]) GROUP BY 1, 2, 3 LIMIT 5",
            left,
        )
        return [", ".join(f"{name} {value}" for name, value in row.items()) for row in rows]

    async def _leased(self) -> list[asyncpg.Record]:
        return await self.stack.ask("SELECT raw_id, due_at FROM webhook_queue WHERE due_at > clock_timestamp()")

    async def _ours(self) -> list[asyncpg.Record]:
        """What waits, without what an earlier fault has left to a lease already."""
        return await self.stack.ask(
            "SELECT raw_id, due_at, due_at > clock_timestamp() AS leased FROM webhook_queue"
            " WHERE due_at <= clock_timestamp() OR due_at > $1::timestamptz + make_interval(secs => $2)",
            self._last_over,
            LEASE_S,
        )

    async def end(self, *, hurry: bool) -> None:
        """Wait until all is read; in a hurry not for the leases of the dead, which are about to be ended."""
        of_the_dead = [one for one in self._following if hurry and one.get_name() in LEAVING]
        for following in of_the_dead:
            following.cancel()
        await asyncio.gather(*(one for one in self._following if one not in of_the_dead))

    def late(self) -> list[str]:
        """What took too long."""
        every = [(kind, s) for kind, all_s in self.read_s.items() for s in all_s]
        late = [f"{kind}: webhooks lay for {s:.0f} s" for kind, s in every if s > _read_within_s(kind)]
        return late + self._late_rows


def _read_within_s(kind: str) -> float:
    return READ_S + LEASE_S * (kind in LEAVING)
