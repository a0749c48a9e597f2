"""The webhooks: when each update is due, how they are gathered, posted, retried and acknowledged."""

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from app.sandbox.compose import Update, compose, sign
from app.sandbox.knobs import Knobs
from app.sandbox.log import say

WORKERS = 8  # webhooks on their way at the same time


@dataclass(frozen=True, slots=True)
class Callback:
    """Where webhooks go, once the handshake succeeded."""

    url: str
    app_secret: str


@dataclass(slots=True)
class Delivery:
    """One webhook body on its way; `generation` tells those of before a reset."""

    body: bytes
    updates: list[Update]
    generation: int
    attempts: int = 0


class Outbox:
    """Holds updates until they are due and delivers them at least once.

    Without a callback, updates are dropped unless `expected`: then they wait for the handshake.
    """

    def __init__(
        self,
        knobs: Callable[[], Knobs],
        rng: random.Random,
        heard: Callable[[Update], None],
        again: Callable[[str, Delivery], None],
    ) -> None:
        """`heard`: an update was acknowledged first. `again`: a webhook goes once more, as `retry` or `repeat`."""
        self._knobs = knobs
        self._rng = rng
        self._heard = heard
        self._told_again = again
        self._due: list[tuple[float, int, Update]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._ready: asyncio.Queue[Delivery] = asyncio.Queue()
        self._under_way = 0
        self._generation = 0
        self._callback: Callback | None = None
        self.expected = False
        self.posted = 0
        self.refused = 0

    @property
    def pending(self) -> int:
        """Updates not yet acknowledged (duplicates count)."""
        return len(self._due) + self._under_way

    @property
    def subscribed(self) -> bool:
        """Whether a callback has passed the handshake."""
        return self._callback is not None

    def subscribe(self, callback: Callback) -> None:
        """Send everything to this callback from now on, also what already waits."""
        self._callback = callback
        self._wake.set()

    def push(self, update: Update, after: float = 0.0) -> None:
        """Tell an update in `after` seconds."""
        if self._callback is None and not self.expected:
            return
        due = time.monotonic() + after
        soonest = not self._due or due < self._due[0][0]
        heapq.heappush(self._due, (due, next(self._order), update))
        if soonest:
            self._wake.set()

    def nudge(self) -> None:
        """Look again: a knob was turned."""
        self._wake.set()

    def clear(self) -> None:
        """Forget all that is pending; what is being posted right now is not counted any more."""
        self._generation += 1
        self._due.clear()
        self._under_way = 0
        while not self._ready.empty():
            self._ready.get_nowait()
        self.posted = self.refused = 0

    async def run(self) -> None:
        """Gather and deliver until cancelled."""
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False) as http,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._gather())
            for _ in range(WORKERS):
                group.create_task(self._deliver(http))

    async def _gather(self) -> None:
        while True:
            self._wake.clear()
            wait = self._wait()
            if wait is None or wait > 0:
                await _either(self._wake, wait)
                continue
            await asyncio.sleep(self._knobs().webhook_flush_s)
            self._flush()

    def _wait(self) -> float | None:
        if not self._due or self._callback is None or self._knobs().hold_webhooks:
            return None
        return self._due[0][0] - time.monotonic()

    def _flush(self) -> None:
        """Move what is due into deliveries of at most the knob's size."""
        knobs, now = self._knobs(), time.monotonic()
        due: list[Update] = []
        while self._due and self._due[0][0] <= now and not knobs.hold_webhooks:
            due.append(heapq.heappop(self._due)[2])
        while due:
            most = knobs.webhook_max_updates
            size = self._rng.randint(1, most) if knobs.webhook_random_batches else most
            chunk, due = due[:size], due[size:]
            self._under_way += len(chunk)
            self._ready.put_nowait(Delivery(compose(chunk), chunk, self._generation))

    async def _deliver(self, http: httpx.AsyncClient) -> None:
        while True:
            delivery = await self._ready.get()
            if delivery.generation != self._generation:
                continue
            if self._knobs().hold_webhooks:
                self._later(delivery, 0.05)
            elif await self._post(http, delivery):
                self._acknowledge(delivery)
            else:
                self._again(delivery)

    async def _post(self, http: httpx.AsyncClient, delivery: Delivery) -> bool:
        callback, knobs = self._callback, self._knobs()
        if callback is None:
            return False
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(delivery.body, callback.app_secret),
        }
        delivery.attempts += 1
        status: int | str
        try:
            answer = await http.post(
                callback.url, content=delivery.body, headers=headers, timeout=knobs.webhook_timeout_s
            )
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as lost:
            status = type(lost).__name__
        self.posted += 1
        if status != 200:
            self.refused += 1
            say("webhook_refused", status=status, attempt=delivery.attempts, updates=len(delivery.updates))
        return status == 200

    def _acknowledge(self, delivery: Delivery) -> None:
        if delivery.generation != self._generation:
            return
        knobs = self._knobs()
        self._under_way -= len(delivery.updates)
        if knobs.repeat_share and self._rng.random() < knobs.repeat_share:
            self._under_way += len(delivery.updates)
            self._told_again("repeat", delivery)
            self._later(delivery, knobs.retry_first_s)
        for update in delivery.updates:
            if not update.acknowledged:
                update.acknowledged = True
                self._heard(update)
            if update.heard is not None and not update.heard.done():
                update.heard.set_result(None)

    def _again(self, delivery: Delivery) -> None:
        knobs = self._knobs()
        if delivery.generation == self._generation:
            self._told_again("retry", delivery)
        wait = min(knobs.retry_most_s, knobs.retry_first_s * 2 ** min(delivery.attempts - 1, 20))
        self._later(delivery, wait)

    def _later(self, delivery: Delivery, wait_s: float) -> None:
        asyncio.get_running_loop().call_later(wait_s, self._ready.put_nowait, delivery)


async def _either(event: asyncio.Event, timeout_s: float | None) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
