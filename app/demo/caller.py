"""The demo's two conversations: with the API, as any caller, and with the sandbox's control routes."""

import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from app.demo.errors import DemoFailed
from app.demo.stack import Stack

Json = dict[str, Any]


class Caller:
    """Speaks to the API with a key, and to the sandbox without. Every refusal is a DemoFailed."""

    def __init__(self, stack: Stack) -> None:
        # Not from the environment: a proxy of this machine has no business here.
        self._api = httpx.Client(
            base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=60.0, trust_env=False
        )
        self._sandbox = httpx.Client(base_url=stack.sandbox, timeout=60.0, trust_env=False)

    def get(self, path: str, **params: str | int) -> Json:
        """Read something."""
        return _answered(self._api.get(path, params=params))

    def post(self, path: str, body: Json | None = None) -> Json:
        """Do something, once, however often the network makes us ask."""
        return _answered(self._api.post(path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())}))

    def patch(self, path: str, body: Json) -> Json:
        """Change something."""
        return _answered(self._api.patch(path, json=body))

    def stream_csv(self, path: str, lines: Iterable[bytes]) -> Json:
        """Send lines of CSV as they come, without a length known beforehand."""
        headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid.uuid4())}
        return _answered(self._api.post(path, content=_parts(lines), headers=headers))

    def save(self, path: str, target: Path) -> None:
        """Stream an answer into a file."""
        with self._api.stream("GET", path) as answer, target.open("wb") as file:
            if answer.is_error:
                answer.read()
                _answered(answer)
            for part in answer.iter_bytes():
                file.write(part)

    def turn_sandbox(self, **knobs: object) -> None:
        """Set the sandbox's knobs."""
        _answered(self._sandbox.post("/sandbox/knobs", json=knobs))

    def sandbox_state(self) -> Json:
        """What the sandbox has accepted and told so far."""
        return _answered(self._sandbox.get("/sandbox/state"))

    def write_as(self, sender: str, text: str) -> None:
        """Somebody writes to the business; returns once the webhook is acknowledged."""
        _answered(self._sandbox.post("/sandbox/inbound", json={"from": sender, "text": text}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.close()
        self._sandbox.close()


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in parts of about 64 kB."""
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= 65_536:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _answered(answer: httpx.Response) -> Json:
    if answer.is_error:
        raise DemoFailed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:500]}")
    told: Json = answer.json()
    return told
