"""Post signed webhooks over many connections: closed loop, or at a given rate. Its own process, and cheap.

`python -m tests.bench.webhooks` reads one line of JSON from stdin: host, port, path, connections, rate (0: closed
loop), bodies (a file with one body per line) and secret. Prints one line of JSON: how many were answered 200, how many
were not, how long it took, and the latencies' quantiles in ms, counted from the moment each was due.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvloop


@dataclass(slots=True)
class Load:
    """What is posted, and what came back."""

    requests: list[bytes]
    rate: float
    begun: float = 0.0
    at: int = 0
    good: int = 0
    bad: int = 0
    latencies: list[float] = field(default_factory=list)

    def next(self) -> tuple[bytes, float] | None:
        """The next request and when it is due; None when all are under way."""
        if self.at >= len(self.requests):
            return None
        due = self.begun + self.at / self.rate if self.rate else 0.0
        self.at += 1
        return self.requests[self.at - 1], due


async def speak(load: Load, host: str, port: int) -> None:
    """One connection: post, read the answer, again."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        while (following := load.next()) is not None:
            request, due = following
            now = time.perf_counter()
            if due > now:
                await asyncio.sleep(due - now)
            began = due or time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            load.latencies.append(time.perf_counter() - began)
            if head.startswith(b"HTTP/1.1 200"):
                load.good += 1
            else:
                load.bad += 1
    finally:
        writer.close()


def requests_of(bodies: Iterator[bytes], host: str, port: int, path: str, secret: bytes) -> Iterator[bytes]:
    """Whole HTTP requests, signed as Meta signs."""
    for body in bodies:
        signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


async def main() -> None:
    asked = json.loads(sys.stdin.readline())
    bodies = iter(Path(asked["bodies"]).read_bytes().splitlines())
    secret = asked["secret"].encode()
    load = Load(list(requests_of(bodies, asked["host"], asked["port"], asked["path"], secret)), asked["rate"])
    load.begun = time.perf_counter()
    await asyncio.gather(*(speak(load, asked["host"], asked["port"]) for _ in range(asked["connections"])))
    took_s = time.perf_counter() - load.begun
    ordered = sorted(load.latencies)
    quantiles = {f"p{q}_ms": round(ordered[int(len(ordered) * q / 100)] * 1000, 2) for q in (50, 95, 99)}
    print(json.dumps({"good": load.good, "bad": load.bad, "took_s": took_s, **quantiles}))


if __name__ == "__main__":
    uvloop.run(main())
