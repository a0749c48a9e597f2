"""What must hold after everything broke. Each check compares rows with rows, or rows with the sandbox's truth log.

A check returns sentences; each is a violation. docs/reliability.md says the same in words.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any

from app.dispatch.line import MARGIN_S
from app.dispatch.states import RANK, State
from app.inbound.replay import check_webhooks
from app.kit.ids import decode
from app.runtime import open_runtime
from tests.chaos.chain import flaws_of_chain
from tests.chaos.life import Stop, moved_while_stopped
from tests.chaos.load import Load
from tests.chaos.stack import Stack

MOST_SHOWN = 5
ARRIVES_S = 2.5  # from a post's begin to its arrival: a connection, a moment's load, two clocks that are read apart
NUMBER = re.compile(rb"90532\d{7}\b")  # of `house.phone`
RESTRICTS = "('withdrawn', 'refused', 'invalidated', 'ended', 'raised')"  # the acts of the ledger that do
SEEN = ("sent", "delivered", "read", "failed")


@dataclass(slots=True)
class Found:
    """What the run left behind."""

    stack: Stack
    load: Load
    stops: list[Stop]
    at_risk: set[str]  # under way when a fault struck that may cost certainty
    accepts: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    state: dict[str, str] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)


async def check(
    stack: Stack, load: Load, *, stops: list[Stop], at_risk: set[str]
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Every invariant by its name, with what violates it; and the figures of the run."""
    found = Found(stack, load, stops, at_risk)
    for line in map(json.loads, stack.sandbox.truth_path.read_text("utf-8").splitlines()):
        if line["event"] == "accepted" and line["type"] == "template":
            found.accepts.append(line)
        elif line["event"] == "status" and ":" not in line["opaque"]:
            found.told[line["opaque"]].add(line["status"])
    rows = await stack.ask(
        "SELECT m.id::text AS id, coalesce(o.state, d.state, 'lost') AS state FROM messages AS m"
        " LEFT JOIN outcomes AS o ON o.id = m.id LEFT JOIN dispatch AS d ON d.id = m.id"
    )
    found.state = {row["id"]: row["state"] for row in rows}
    found.figures = {f"messages {state}": n for state, n in sorted(Counter(found.state.values()).items())}
    found.figures["accepted by WhatsApp"] = len(found.accepts)
    violations = {name: (await one(found))[:MOST_SHOWN] for name, one in INVARIANTS.items()}
    violations["nothing ends or errs by itself"] = stack.odd[:MOST_SHOWN]
    return violations, found.figures


async def _count(found: Found, sql: str, what: str) -> list[str]:
    n = (await found.stack.ask(f"SELECT count(*)::int AS n FROM ({sql}) AS q"))[0]["n"]
    return [f"{n} {what}"] if n else []


async def accepted_is_kept(found: Found) -> list[str]:
    """What was answered 2xx is there, once, whole."""
    rows = await found.stack.ask(
        "SELECT b.id, b.total, (SELECT count(*)::int FROM messages AS m WHERE m.batch_id = b.id) AS n FROM batches AS b"
    )
    there = {row["id"]: (row["total"], row["n"]) for row in rows}
    wrong = []
    for batch, total in found.load.promised.items():
        if there.get(decode("bat", batch)) != (total, total):
            wrong.append(f"{batch} was accepted with {total} and has {there.get(decode('bat', batch))}")
    extra = len(there) - len(found.load.promised)
    return wrong + ([f"{extra} batches that nobody asked for, or that were made twice"] if extra else [])


async def one_outcome(found: Found) -> list[str]:
    """Every message has exactly one home, and nothing is pending at the end."""
    states = Counter(found.state.values())
    wrong = [f"{states[state]} messages are {state}" for state in ("lost", "queued", "sending") if states[state]]
    return wrong + await _count(
        found, "SELECT 1 FROM outcomes JOIN dispatch USING (id)", "messages are in the queue and have an outcome"
    )


async def never_twice(found: Found) -> list[str]:
    """WhatsApp accepted each message at most once, and each person once per batch."""
    ids = Counter(line["opaque"] for line in found.accepts)
    wrong = [f"{opaque} was accepted {n} times by WhatsApp" for opaque, n in ids.items() if n > 1]
    batches = {
        row["id"]: row["batch"]
        for row in await found.stack.ask("SELECT id::text AS id, batch_id::text AS batch FROM messages")
    }
    people = Counter((batches.get(line["opaque"]), line["to_sha256"]) for line in found.accepts)
    return wrong + [f"a person got {n} messages of {batch}" for (batch, _), n in people.items() if n > 1]


async def truth_agrees(found: Found) -> list[str]:
    """WhatsApp accepted nothing that we do not know, and we call nothing sent that it never saw."""
    accepted = {line["opaque"] for line in found.accepts}
    wrong = [f"WhatsApp has {opaque}, and we do not" for opaque in accepted - found.state.keys()]
    for opaque, state in found.state.items():
        if state in SEEN and opaque not in accepted and state != "failed":
            wrong.append(f"{opaque} is {state}, and WhatsApp never saw it")
        if state not in SEEN and opaque in accepted:
            wrong.append(f"{opaque} is {state}, and WhatsApp has it")
    return wrong


async def no_claim_after_restriction(found: Found) -> list[str]:
    """No claim committed after a restriction of its person had. The database itself says which came first."""
    return await _count(
        found,
        "SELECT 1 FROM delivery_events AS e JOIN messages AS m ON m.id = e.message_id"
        " JOIN consent_events AS c ON c.person_id = m.person_id"
        f"  AND c.act IN {RESTRICTS}"
        " WHERE e.kind = 'sending' AND pg_xact_commit_timestamp(e.xmin) > pg_xact_commit_timestamp(c.xmin)",
        "claims committed after their person's withdrawal",
    )


async def not_long_after_restriction(found: Found) -> list[str]:
    """What was claimed before a restriction is posted within its bound, or never: also by a worker that was frozen."""
    settings = found.stack.settings
    bound_s = settings.sending_lease_s - settings.whatsapp_read_timeout_s - MARGIN_S + ARRIVES_S
    rows = await found.stack.ask(
        "SELECT m.id::text AS id, min(extract(epoch FROM pg_xact_commit_timestamp(c.xmin)))::float8 AS at"
        "  FROM messages AS m JOIN consent_events AS c ON c.person_id = m.person_id"
        f"  AND c.act IN {RESTRICTS} GROUP BY m.id"
    )
    latest = {row["id"]: row["at"] + bound_s for row in rows}
    late = 0
    for line in found.accepts:
        late += datetime.fromisoformat(line["at"]).timestamp() > latest.get(line["opaque"], inf)
    return [f"{late} messages came later than {bound_s:.0f} s after their person's withdrawal"] if late else []


async def one_own_event(found: Found) -> list[str]:
    """Whatever leaves the queue is said once: a second line of ours would be a second decision."""
    return await _count(
        found,
        "SELECT 1 FROM delivery_events WHERE dedupe IS NULL"
        " AND kind IN ('sent', 'failed', 'refused', 'expired', 'uncertain') GROUP BY message_id HAVING count(*) > 1",
        "messages left the queue twice by their own log",
    )


async def logs_name_nobody(found: Found) -> list[str]:
    """No process wrote a number of a person, whatever broke."""
    wrong = []
    for log in sorted(found.stack.place.glob("*.log")):
        named = NUMBER.search(log.read_bytes())
        wrong += [f"{log.name} has a number in it"] if named else []
    return wrong


async def counters_equal_rows(found: Found) -> list[str]:
    """The counters of every batch are what its rows are."""
    rows = """
        SELECT batch_id, state, sum(n) AS n FROM (
            SELECT batch_id, state, n FROM batch_counts
            UNION ALL
            SELECT m.batch_id, coalesce(o.state, d.state), -1 FROM messages AS m
              LEFT JOIN outcomes AS o ON o.id = m.id LEFT JOIN dispatch AS d ON d.id = m.id) AS all_of_them
         GROUP BY 1, 2 HAVING sum(n) <> 0"""
    return await _count(found, rows, "counters differ from the rows")


async def events_replay(found: Found) -> list[str]:
    """The delivery log alone leads to each message's state, and its fences never fall."""
    rows = await found.stack.ask(
        "SELECT e.message_id::text AS message, e.kind, e.fence, e.dedupe IS NOT NULL AS told FROM delivery_events AS e"
        " ORDER BY e.message_id, (e.dedupe IS NOT NULL), e.id"
    )
    now: dict[str, str] = {}
    fences: dict[str, int] = {}
    kinds: dict[str, list[str]] = defaultdict(list)
    wrong = []
    for row in rows:
        before = now.get(row["message"], "queued")
        now[row["message"]] = _climbed(before, row["kind"]) if row["told"] else _moved(row["kind"])
        kinds[row["message"]].append(row["kind"] + ("*" if row["told"] else ""))
        if row["fence"] is not None:
            if row["fence"] < fences.get(row["message"], 0):
                wrong.append(f"{row['message']} was written under fence {row['fence']} after {fences[row['message']]}")
            fences[row["message"]] = row["fence"]
    for message, state in now.items():
        if found.state.get(message) != state:
            wrong.append(
                f"{message} is {found.state.get(message)}, and its log says {state}: {', '.join(kinds[message])}"
            )
    silent = [m for m, state in found.state.items() if m not in now and state not in ("queued", "refused")]
    return wrong + [f"{message} is {found.state[message]} and has no log" for message in silent]


def _moved(kind: str) -> str:
    return "queued" if kind in ("deferred", "returned") else kind


def _climbed(before: str, kind: str) -> str:
    if RANK.get(State(before)) is None:
        return before
    return kind if RANK[State(kind)] > RANK[State(before)] else before


async def uncertain_is_explained(found: Found) -> list[str]:
    """Each uncertain message says why, once; and only what was under way when a fault struck is left to its lease."""
    wrong = await _count(
        found,
        "SELECT o.id FROM outcomes AS o LEFT JOIN delivery_events AS e ON e.message_id = o.id AND e.kind = 'uncertain'"
        " WHERE o.state = 'uncertain' GROUP BY o.id HAVING count(e.reason) <> 1",
        "uncertain messages without exactly one reason",
    )
    rows = await found.stack.ask(
        "SELECT reason, count(*)::int AS n FROM delivery_events WHERE kind = 'uncertain' GROUP BY 1 ORDER BY 1"
    )
    reasons = {row["reason"]: row["n"] for row in rows}
    found.figures |= {f"were uncertain: {reason}": n for reason, n in reasons.items()}
    over = await found.stack.ask(
        "SELECT message_id::text AS id FROM delivery_events WHERE kind = 'uncertain' AND reason = 'lease_over'"
    )
    safe = sum(row["id"] not in found.at_risk for row in over)
    wrong += [f"{safe} were left to their lease, and no fault struck that parts a worker from them"] if safe else []
    accepted = {line["opaque"] for line in found.accepts}
    left = [message for message, state in found.state.items() if state == "uncertain"]
    found.figures["still uncertain, and WhatsApp never saw"] = sum(message not in accepted for message in left)
    return wrong


async def only_posts_are_attempts(found: Found) -> list[str]:
    """No message has more attempts than its log has posts: a restart, a halt and a wait burn none."""
    return await _count(
        found,
        "SELECT m.id FROM messages AS m LEFT JOIN dispatch AS d ON d.id = m.id LEFT JOIN outcomes AS o ON o.id = m.id"
        "  LEFT JOIN (SELECT message_id, count(*) AS n FROM delivery_events WHERE dedupe IS NULL"
        "   AND (kind IN ('sent', 'failed', 'uncertain') OR (kind = 'deferred' AND reason = 'provider_later'))"
        "   GROUP BY message_id) AS e ON e.message_id = m.id"
        " WHERE coalesce(d.attempts, o.attempts) > coalesce(e.n, 0)",
        "messages with more attempts than posts",
    )


async def webhooks_replay(found: Found) -> list[str]:
    """What the kept webhooks tell, worked out anew by the product's own replay, is what is in the tables."""
    async with open_runtime(found.stack.settings, "worker") as run:
        replayed = await check_webhooks(run, lag=timedelta(0))
    found.figures["statuses in kept webhooks"] = replayed.statuses
    wrong = [f"{message}: {what}" for message, what in sorted(replayed.differences)]
    return wrong + ([f"{replayed.unreadable} webhooks cannot be read"] if replayed.unreadable else [])


async def statuses_are_kept(found: Found) -> list[str]:
    """Every status that we acknowledged is in the log, once, and the state is the strongest of them."""
    rows = await found.stack.ask(
        "SELECT message_id::text AS id, kind, count(*)::int AS n FROM delivery_events"
        " WHERE dedupe IS NOT NULL GROUP BY 1, 2"
    )
    logged: dict[str, set[str]] = defaultdict(set)
    wrong = []
    for row in rows:
        logged[row["id"]].add(row["kind"])
        if row["n"] > 1:
            wrong.append(f"{row['id']}: the status {row['kind']} is logged {row['n']} times")
    for message, told in found.told.items():
        if told - logged[message]:
            wrong.append(f"{message}: {sorted(told - logged[message])} was acknowledged and is not in the log")
    return wrong


INVARIANTS: dict[str, Callable[[Found], Awaitable[list[str]]]] = {
    "accepted is kept": accepted_is_kept,
    "one outcome each": one_outcome,
    "never twice": never_twice,
    "WhatsApp's account agrees": truth_agrees,
    "no claim after a restriction": no_claim_after_restriction,
    "nothing long after a restriction": not_long_after_restriction,
    "one own event": one_own_event,
    "logs name nobody": logs_name_nobody,
    "counters equal rows": counters_equal_rows,
    "the log replays to the state": events_replay,
    "uncertain is explained": uncertain_is_explained,
    "statuses are kept once": statuses_are_kept,
    "only posts are attempts": only_posts_are_attempts,
    "webhooks replay to the tables": webhooks_replay,
    "no claim while paused or after the end": lambda found: moved_while_stopped(found.load, found.stops),
    "the chain verifies": lambda found: flaws_of_chain(found.stack),
}
