"""A callback on loopback that keeps every webhook it gets, and answers as told."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIFE = ("sent", "delivered", "read", "failed")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One POST as it came: raw bytes, signature header, the status it was answered with."""

    raw: bytes
    signature: str | None
    answered: int

    @property
    def changes(self) -> list[dict[str, Any]]:
        """All changes of all entries, each with its account's id beside it."""
        body = json.loads(self.raw)
        return [{**change, "waba_id": entry["id"]} for entry in body["entry"] for change in entry["changes"]]

    def signed_by(self, app_secret: str) -> bool:
        """Whether the signature is that of these bytes."""
        expected = hmac.new(app_secret.encode(), self.raw, hashlib.sha256).hexdigest()
        return self.signature == f"sha256={expected}"


class Receiver:
    """Listens from construction to `close`; `answers` is used up first, then it is 200 for ever."""

    def __init__(self, verify_token: str) -> None:
        self.verify_token = verify_token
        self.webhooks: list[Webhook] = []
        self.answers: list[int] = []
        self.always: int | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                known = asked.get("hub.verify_token") == [receiver.verify_token]
                self._answer(200 if known else 403, asked["hub.challenge"][0].encode() if known else b"")

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.always or (receiver.answers.pop(0) if receiver.answers else 200)
                receiver.webhooks.append(Webhook(raw, self.headers["X-Hub-Signature-256"], status))
                self._answer(status, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def clear(self) -> None:
        """Forget webhooks and answers."""
        self.webhooks, self.answers, self.always = [], [], None

    def values(self, field: str) -> list[dict[str, Any]]:
        """The values of all changes of a field, as far as they were answered 200."""
        heard = [webhook for webhook in self.webhooks if webhook.answered == 200]
        return [c["value"] for webhook in heard for c in webhook.changes if c["field"] == field]

    def statuses(self, wamid: str) -> list[dict[str, Any]]:
        """The status objects of a message in the order in which they came."""
        return [s for v in self.values("messages") for s in v.get("statuses", []) if s["id"] == wamid]

    def told(self, wamid: str) -> list[str]:
        """Their names in the order of a message's life: webhooks may overtake each other on the way."""
        return sorted((status["status"] for status in self.statuses(wamid)), key=LIFE.index)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def await_true(happened: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Wait until something is so; an AssertionError when it takes too long."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
