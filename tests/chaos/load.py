"""What goes on while things break: batches are accepted, and people withdraw, by API and by writing STOP."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from app.kit.clock import utc_now
from tests.chaos.stack import Stack
from tests.furnish import IYS, MARKETING
from tests.house import phone

CONSENTS_AT_ONCE = 1000


@dataclass(slots=True)
class Load:
    """What is wanted, and what was promised: `promised` holds each batch that was answered, with its total."""

    stack: Stack
    messages: int
    size: int = 0  # recipients of one batch
    people: int = 0
    withdrawals: int = 0
    twice: int = 0  # recipients named twice in each batch
    promised: dict[str, int] = field(default_factory=dict)
    withdrew: int = 0
    fed: int = 0
    _rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = Random(f"{self.stack.seed}:withdrawals")
        senders = len(self.stack.senders)
        self.size = self.size or max(25, min(5000, self.messages // (senders * 10)))
        self.people = self.people or max(self.size, self.messages // 5)

    async def consent(self) -> None:
        """Everybody agreed once."""
        at = utc_now().replace(year=utc_now().year - 1).isoformat()
        for start in range(0, self.people, CONSENTS_AT_ONCE):
            rows: list[dict[str, Any]] = []
            for n in range(start, min(self.people, start + CONSENTS_AT_ONCE)):
                given = {"to": phone(n), "purpose": MARKETING, "act": "given", "channel": "web_form"}
                given |= {"occurred_at": at, "method": "checkbox"}
                rows.append(given | {"notice_version_id": self.stack.tenant.notice_version})
                rows.append(given | {"kind": "commercial_approval", "iys": IYS})
            await self.stack.post("/v1/consents", {"consents": rows}, f"consents-{start}")

    async def feed(self) -> None:
        """Accept batch after batch, so that every line has work and none has all of it."""
        number = 0
        while self.fed < self.messages:
            if await self.pending() < self.size * len(self.stack.senders):
                size = min(self.size, self.messages - self.fed)
                await self.accept(f"batch-{number}", number, size)
                self.fed += size
                number += 1
            else:
                await asyncio.sleep(0.2)

    async def accept(self, key: str, number: int, size: int) -> str:
        """One batch, of the people whose turn it is, by the sender whose turn it is."""
        start = number * self.size % self.people
        phones = [phone((start + n) % self.people) for n in range(size)]
        phones += phones[: self.twice]
        body = {
            "sender": self.stack.senders[number % len(self.stack.senders)],
            "template": {"name": "autumn_offer", "language": "tr"},
            "purpose": MARKETING,
            "recipients": [{"to": to, "variables": {"first_name": "Ayşe"}} for to in phones],
            "on_invalid": "skip",
            "start": True,
        }
        batch: str = (await self.stack.post("/v1/batches", body, key))["id"]
        self.promised[batch] = len(phones)
        return batch

    async def withdraw(self) -> None:
        """One in a hundred takes it back while messages to them may be queued or under way."""
        wanted = self.withdrawals
        while self.withdrew < wanted:
            if self.fed >= self.messages and not await self.pending():
                return
            if await self.done() * wanted >= self.withdrew * self.messages:
                await self._withdraw(self._rng.randrange(self.people))
                self.withdrew += 1
            else:
                await asyncio.sleep(0.1)

    async def _withdraw(self, n: int) -> None:
        if self.withdrew % 2:
            body = {"people": [{"to": phone(n)}], "channel": "api"}
            await self.stack.post("/v1/consents/withdraw", body, f"withdrawal-{self.withdrew}")
            return
        said = {"from": phone(n), "text": "DUR", "to_phone_number_id": self._rng.choice(self.stack.numbers)}
        async with httpx.AsyncClient(base_url=self.stack.sandbox.url, trust_env=False, timeout=40) as person:
            with suppress(httpx.HTTPError):  # it is repeated until it is acknowledged; we need not wait
                await person.post("/sandbox/inbound", json=said | {"wait_s": 0.1})

    async def pending(self) -> int:
        """Messages that wait or are on their way."""
        rows = await self.stack.ask(
            "SELECT coalesce(sum(n), 0)::int AS n FROM batch_counts WHERE state IN ('queued', 'sending')"
        )
        found: int = rows[0]["n"]
        return found

    async def done(self) -> int:
        """Messages that have an outcome."""
        rows = await self.stack.ask(
            "SELECT coalesce(sum(n), 0)::int AS n FROM batch_counts WHERE state NOT IN ('queued', 'sending')"
        )
        found: int = rows[0]["n"]
        return found
