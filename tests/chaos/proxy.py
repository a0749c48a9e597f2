"""A TCP proxy that can be told to fail at one exact moment: around a COMMIT, or around an HTTP answer.

    proxy = await Proxy.start(lambda: ("127.0.0.1", 5432), speaks="postgres")
    trap = proxy.set(Trap("commit", "after", "hold", of="claim"))
    await trap.sprung.wait()     # the claim is committed, and the worker does not know it yet
    trap.drop()                  # both ends lose the connection

It reads PostgreSQL's protocol only as far as it must: which statement a connection bound last, and when it commits.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Self

# What a statement must say to be called so; each stands in one of the product's statements only.
STATEMENTS = {
    b"left_queue AS (": "claim",
    b"secs => h.retry_s": "record",
    b"joined AS (": "accept",
    b"LEFT JOIN webhook_raw": "take",
}
Address = tuple[str, int]


@dataclass(slots=True, eq=False)
class Trap:
    """Springs at the next `times` such moments.

    `at`: "commit" or "bind" (the statement is about to run) in PostgreSQL, "request" over HTTP. `when`: before it is
    forwarded, or after it was answered, and the answer is not. `act`: "cut" both ends, "hold" everything, or "truncate"
    the answer. `of`: only in a transaction that ran the statement of that name.
    """

    at: Literal["commit", "bind", "request"]
    when: Literal["before", "after"] = "before"
    act: Literal["cut", "hold", "truncate"] = "cut"
    of: str | None = None
    times: int = 1
    sprung: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: bool = False

    def release(self) -> None:
        """Let what is held go on."""
        self.released.set()

    def drop(self) -> None:
        """What is held never arrives; both ends lose the connection."""
        self.dropped = True
        self.released.set()


@dataclass(slots=True, eq=False)
class Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    names: dict[bytes, str] = field(default_factory=dict)  # prepared statements that have a name of ours
    ran: set[str] = field(default_factory=set)  # in this transaction
    rest: bytes = b""
    begun: bool = False
    answer: Trap | None = None  # what happens to the next answer

    def cut(self) -> None:
        """Reset both ends."""
        for writer in (self.client, self.server):
            with contextlib.suppress(OSError, RuntimeError):
                writer.transport.abort()


class Proxy:
    """Listens on a port of its own and forwards to whatever `target` says at the moment."""

    def __init__(self, target: Callable[[], Address], *, speaks: Literal["postgres", "http"]) -> None:
        self._target = target
        self._speaks = speaks
        self._server: asyncio.Server | None = None
        self._links: dict[Link, None] = {}
        self._traps: list[Trap] = []
        self._set: list[Trap] = []  # every one that ever was
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @classmethod
    async def start(cls, target: Callable[[], Address], *, speaks: Literal["postgres", "http"]) -> Self:
        """Begin to listen."""
        proxy = cls(target, speaks=speaks)
        await proxy.listen()
        return proxy

    async def listen(self) -> None:
        """Listen (again) where it did."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Stop to listen, and cut what is open: from now on connections are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut_all()

    async def close(self) -> None:
        """The end."""
        for trap in self._set:
            trap.drop()
        await self.refuse()
        if self._tasks:  # not cancelled: asyncio's streams complain of a handler that was
            await asyncio.wait(list(self._tasks), timeout=5)

    def set(self, trap: Trap) -> Trap:
        """Arm a trap."""
        self._traps.append(trap)
        self._set.append(trap)
        return trap

    def disarm(self) -> None:
        """No trap springs any more; what one holds stays held."""
        self._traps.clear()

    def cut_all(self) -> None:
        """Reset every connection."""
        for link in list(self._links):
            link.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            upstream, server = await asyncio.open_connection(*self._target())
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, server)
        self._links[link] = None
        pumps = [asyncio.create_task(self._up(link, reader)), asyncio.create_task(self._down(link, upstream))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            link.cut()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            del self._links[link]

    async def _up(self, link: Link, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(262_144):
            for piece, trap in self._pieces(link, data):
                if trap is None or trap.when == "after":
                    link.answer = trap or link.answer
                    link.server.write(piece)
                elif not await self._spring(link, trap):
                    return
                else:
                    link.server.write(piece)
            await link.server.drain()

    async def _down(self, link: Link, upstream: asyncio.StreamReader) -> None:
        while data := await upstream.read(262_144):
            trap, link.answer = link.answer, None
            if trap is not None and trap.act == "truncate":
                link.client.write(data[: len(data) // 2])
                await link.client.drain()
            if trap is not None and not await self._spring(link, trap):
                return
            link.client.write(data)
            await link.client.drain()

    async def _spring(self, link: Link, trap: Trap) -> bool:
        """Do what the trap says. False: the connection is gone."""
        trap.sprung.set()
        if trap.act != "hold":
            link.cut()
            return False
        await trap.released.wait()
        return not trap.dropped

    def _take(self, link: Link, at: str) -> Trap | None:
        for trap in self._traps:
            if trap.at == at and (trap.of is None or trap.of in link.ran):
                trap.times -= 1
                if not trap.times:
                    self._traps.remove(trap)
                return trap
        return None

    def _pieces(self, link: Link, data: bytes) -> list[tuple[bytes, Trap | None]]:
        """The bytes, cut where a trap springs: the trap belongs to the piece it comes with."""
        if self._speaks == "http":
            return [(data, self._take(link, "request") if data.startswith(b"POST ") else None)]
        return self._messages(link, data)

    def _messages(self, link: Link, data: bytes) -> list[tuple[bytes, Trap | None]]:
        data = link.rest + data
        at = start = 0
        pieces: list[tuple[bytes, Trap | None]] = []
        while len(data) - at >= 5:
            head = 1 if link.begun else 0  # the first messages have no type
            size = head + int.from_bytes(data[at + head : at + head + 4], "big")
            if len(data) - at < size:
                break
            message = data[at : at + size]
            if not link.begun:
                link.begun = message[4:8] == b"\x00\x03\x00\x00"  # protocol 3.0, and not a question about TLS
            elif (trap := self._seen(link, message)) is not None:
                if at > start:
                    pieces.append((data[start:at], None))
                pieces.append((message, trap))
                start = at + size
            at += size
        link.rest = data[at:]
        if at > start:
            pieces.append((data[start:at], None))
        return pieces

    def _seen(self, link: Link, message: bytes) -> Trap | None:
        kind, body = message[:1], message[5:]
        if kind == b"P":
            name, _, text = body.partition(b"\0")
            link.names[name] = next((known for said, known in STATEMENTS.items() if said in text), "")
        elif kind == b"B":
            ran = link.names.get(body.partition(b"\0")[2].partition(b"\0")[0])
            if ran:
                link.ran.add(ran)
                return self._take(link, "bind")
        elif kind == b"Q":
            trap = self._take(link, "commit") if body.startswith(b"COMMIT") else None
            link.ran.clear()  # a transaction begins or ends
            return trap
        return None
