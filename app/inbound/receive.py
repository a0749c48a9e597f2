"""Keep a webhook on disk before it is acknowledged.

Group commit by natural batching: at most two transactions are under way, and what arrives meanwhile is the next one.
No timer: a 5 ms window gave no throughput; the group takes the database's work per webhook from about 140 µs to 10.
"""

import asyncio
import re
from contextvars import Context
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.inbound.errors import SignatureInvalid, WebhookNotConfigured, WebhookNotKept
from app.kit.crypto import seal
from app.kit.ids import new_id
from app.kit.metrics import metrics
from app.kit.sql import sql_beside
from app.runtime import Runtime
from app.whatsapp.signature import verify

log = structlog.get_logger()

FLUSHES = 2  # transactions under way at once
FLUSH_BODIES = 500
FLUSH_BYTES = 8 * 1024 * 1024  # one body may be larger than this alone, never with others
WAITING_BYTES = 64 * 1024 * 1024  # more is refused with 503: memory stays flat while the database is slow
FLUSH_DEADLINE_S = 5.0  # WhatsApp gives up on a slow answer and sends again; so do we, sooner
BELL_EVERY_S = 0.05

_receive = sql_beside(__file__)
# Inbound messages and preferences as Meta serialises them. Only decides who is read first, so a guess is enough.
_A_PERSON_SPEAKS = re.compile(rb'"(?:messages|user_preferences)"\s*:')
_webhooks = metrics.counter("inbound_webhooks", "Webhooks received.", ["result"])


def where_raw(raw_id: UUID) -> bytes:
    """Where a sealed body lives; it opens for that row only."""
    return b"webhook_raw|" + raw_id.bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One sealed body, and who waits for it to be on disk."""

    id: UUID
    urgent: bool
    body_ct: bytes = field(repr=False)
    kept: asyncio.Future[None] = field(repr=False)


class Receiver:
    """Takes webhooks of one process. `receive` returns when the body is committed."""

    def __init__(self, run: Runtime) -> None:
        self.run = run
        self._secrets = tuple(secret for secret in run.settings.app_secrets() if secret)
        self._key = run.master.subkey("webhook-raw")
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._flushes: set[asyncio.Task[None]] = set()
        self._bell: asyncio.Task[None] | None = None
        self._rung_again = False

    async def receive(self, raw: bytes, signature: str | None) -> None:
        """Keep one body, verified over exactly these bytes, and let the worker know.

        Raises WebhookNotConfigured without an app secret, SignatureInvalid, and WebhookNotKept when the database does
        not take it: WhatsApp then sends it again, for up to seven days.
        """
        if not self._secrets:
            raise WebhookNotConfigured
        if not verify(raw, signature, self._secrets):
            _webhooks.labels("forged").inc()
            raise SignatureInvalid
        if self._waiting_bytes + len(raw) > WAITING_BYTES:
            _webhooks.labels("not_kept").inc()
            raise WebhookNotKept
        await self._keep(raw)
        _webhooks.labels("kept").inc()

    async def close(self) -> None:
        """Let what is being written end; a bell that is not rung yet is not needed, the worker looks by itself."""
        while self._flushes:
            await asyncio.wait(self._flushes)
        if self._bell is not None:
            self._bell.cancel()
            await asyncio.gather(self._bell, return_exceptions=True)

    def _keep(self, raw: bytes) -> asyncio.Future[None]:
        raw_id = new_id()
        sealed = seal(self._key, raw, where_raw(raw_id))
        urgent = _A_PERSON_SPEAKS.search(raw) is not None
        one = _Waiting(raw_id, urgent, sealed, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._waiting_bytes += len(sealed)
        self._flush_if_free()
        return one.kept

    def _flush_if_free(self) -> None:
        while self._waiting and len(self._flushes) < FLUSHES:
            # An empty context: the work is of many requests, and its log lines must not carry the id of one.
            task = asyncio.create_task(self._flush(self._next_group()), context=Context())
            self._flushes.add(task)
            task.add_done_callback(self._after_flush)

    def _after_flush(self, task: asyncio.Task[None]) -> None:
        self._flushes.discard(task)
        self._flush_if_free()

    def _next_group(self) -> list[_Waiting]:
        size = count = 0
        for one in self._waiting[:FLUSH_BODIES]:
            size += len(one.body_ct)
            if count and size > FLUSH_BYTES:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _flush(self, group: list[_Waiting]) -> None:
        """Write one group and tell everyone who waits for it: kept, or not kept, whatever happens here."""
        kept = False
        try:
            async with asyncio.timeout(FLUSH_DEADLINE_S):
                await self._write(group)
            kept = True
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _webhooks.labels("not_kept").inc(len(group))
            log.error("inbound.not_kept", size=len(group), error=type(error).__name__)
        finally:
            self._waiting_bytes -= sum(len(one.body_ct) for one in group)
            for one in group:
                if not one.kept.done():  # whoever waited may have gone away
                    one.kept.set_result(None) if kept else one.kept.set_exception(WebhookNotKept())
        if kept:
            self._ring()

    async def _write(self, group: list[_Waiting]) -> None:
        async with self.run.db.begin() as session:
            await session.execute(
                _receive,
                {
                    "ids": [one.id for one in group],
                    "urgents": [one.urgent for one in group],
                    "bodies": [one.body_ct for one in group],
                },
            )

    def _ring(self) -> None:
        """Ring at once, and not again for a moment; what was kept in that moment is rung for at its end."""
        if self._bell is None or self._bell.done():
            self._bell = asyncio.create_task(self._ring_until_quiet(), context=Context())
        else:
            self._rung_again = True

    async def _ring_until_quiet(self) -> None:
        self._rung_again = True
        while self._rung_again:
            self._rung_again = False
            await self.run.bells.ring("settle")
            await asyncio.sleep(BELL_EVERY_S)
