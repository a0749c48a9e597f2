"""Starts and stops the real sandbox program for a test, and speaks to its control routes.

    sandbox = SandboxProcess.start(tmp_path, callback=url, app_secret="s", verify_token="v", delay_read_s=0.1)
    sandbox.url         # the Graph base url, "http://127.0.0.1:41234"
    sandbox.control     # an httpx.Client for /sandbox/*
    sandbox.stop()

Its log goes to `DIR/sandbox.log`, its truth to `DIR/truth.ndjson`. It ends by itself when the test run dies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "sandbox-token"
APP_SECRET = "sandbox-app-secret"
VERIFY_TOKEN = "sandbox-verify-token"
PHONE_NUMBER_ID = "100000000000001"
WABA_ID = "200000000000001"


class SandboxProcess:
    """A running sandbox; `start` returns when it can be called, `stop` when the process is gone."""

    def __init__(self, process: subprocess.Popen[bytes], data_dir: Path, port: int, token: str) -> None:
        self.process = process
        self.data_dir = data_dir
        self.port = port
        self.token = token
        self.url = f"http://127.0.0.1:{port}"
        self._renewed_at = 0  # where the truth log's lines of the latest life begin, in bytes
        self.control = httpx.Client(base_url=self.url, timeout=35.0, trust_env=False)

    @classmethod
    def start(
        cls,
        data_dir: Path,
        callback: str | None = None,
        app_secret: str = APP_SECRET,
        verify_token: str = VERIFY_TOKEN,
        token: str = TOKEN,
        *,
        port: int = 0,
        seed: int = 1,
        templates: Sequence[Mapping[str, Any]] = (),
        numbers: Sequence[Mapping[str, Any]] = (),
        **knobs: Any,
    ) -> Self:
        """Start it with templates and numbers (lists as the files hold them) and knobs by their names.

        The callback need not listen yet: the handshake is repeated until it does.
        """
        data_dir.mkdir(parents=True, exist_ok=True)
        words = ["--port", str(port), "--data", str(data_dir), "--seed", str(seed), "--exit-with-parent"]
        words += ["--knobs", json.dumps(knobs)]
        words += ["--callback", callback] if callback is not None else []
        for name, items in (("templates", templates), ("numbers", numbers)):
            if items:
                given = data_dir / f"given-{name}.json"
                given.write_text(json.dumps(list(items)), "utf-8")
                words += [f"--{name}", str(given)]
        secrets = {
            "TOPLU_SANDBOX_TOKEN": token,
            "TOPLU_SANDBOX_APP_SECRET": app_secret,
            "TOPLU_SANDBOX_VERIFY_TOKEN": verify_token,
        }
        log_path = data_dir / "sandbox.log"
        with log_path.open("ab") as log:
            seen = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "app.sandbox", *words],
                cwd=ROOT,
                env={**os.environ, **secrets},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            return cls(process, data_dir, _await_port(process, log_path, seen), token)
        except BaseException:
            process.kill()
            process.wait()
            raise

    @property
    def truth_path(self) -> Path:
        """The truth log's file."""
        return self.data_dir / "truth.ndjson"

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def truth(self, event: str | None = None) -> list[dict[str, Any]]:
        """The truth log's lines since it was last renewed, all or those of one event."""
        lines = [json.loads(line) for line in self.truth_path.read_bytes()[self._renewed_at :].splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    def knobs(self, **patch: Any) -> dict[str, Any]:
        """Turn knobs by their names; the whole set as it is afterwards."""
        return self._answered(self.control.post("/sandbox/knobs", json=patch))

    def state(self) -> dict[str, Any]:
        """Counts, pending webhooks, subscription, knobs."""
        return self._answered(self.control.get("/sandbox/state"))

    def reset(self) -> None:
        """Forget everything but the truth log's file."""
        self._answered(self.control.post("/sandbox/reset"))

    def renew(self) -> None:
        """Be as if just started, for whoever comes next: what was before is not told any more."""
        self.reset()
        self._renewed_at = self.truth_path.stat().st_size

    def subscribe(self, callback: str, verify_token: str = VERIFY_TOKEN, app_secret: str = APP_SECRET) -> None:
        """Let the sandbox verify a callback and use it from now on."""
        body = {"callback": callback, "verify_token": verify_token, "app_secret": app_secret}
        self._answered(self.control.post("/sandbox/subscribe", json=body))

    def inbound(self, sender: str, **what: Any) -> str | None:
        """A person writes (`text=`, `button=`) or sets a `preference=`.

        Returns the wamid (None for a preference) after the callback's 200.
        """
        told = self._answered(self.control.post("/sandbox/inbound", json={"from": sender, **what}))
        wamid: str | None = told["wamid"]
        return wamid

    def add_template(self, name: str, body: str, language: str = "tr", **more: Any) -> dict[str, Any]:
        """Create a template over the Graph route, UTILITY unless said otherwise."""
        asked = {"name": name, "language": language, "category": "UTILITY", **more}
        asked.setdefault("components", [{"type": "BODY", "text": body}])
        path = f"/v26.0/{asked.pop('waba_id', WABA_ID)}/message_templates"
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._answered(self.control.post(path, json=asked, headers=headers))

    def messages(self) -> Iterator[dict[str, Any]]:
        """All accepted messages with their requests, oldest first."""
        after = 0
        while page := self._answered(self.control.get("/sandbox/messages", params={"after": after, "limit": 1000}))[
            "messages"
        ]:
            yield from page
            after = page[-1]["seq"]

    def await_subscribed(self, timeout_s: float = 15.0) -> None:
        """Wait until the handshake has succeeded."""
        _await(lambda: bool(self.state()["subscribed"]), timeout_s, "the handshake")

    def await_quiet(self, timeout_s: float = 15.0) -> None:
        """Wait until every webhook has been acknowledged."""
        _await(lambda: self.state()["pending_webhooks"] == 0, timeout_s, "the webhooks")

    def stop(self) -> None:
        """End the process and wait for it; kills it after five seconds."""
        self.control.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @staticmethod
    def _answered(response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise RuntimeError(f"the sandbox answered {response.status_code}: {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


def _await_port(process: subprocess.Popen[bytes], log_path: Path, seen: int) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with log_path.open("rb") as log:
            log.seek(seen)
            lines = log.read().decode("utf-8", "replace").splitlines()
        for line in lines:
            if '"sandbox.listening"' in line and line.endswith("}"):
                port: int = json.loads(line)["port"]
                return port
        if process.poll() is not None:
            raise RuntimeError(f"the sandbox ended with {process.returncode}: {' | '.join(lines[-5:])}")
        time.sleep(0.02)
    raise RuntimeError("the sandbox did not start within 20 s")


def _await(happened: Any, timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {timeout_s} s")
        time.sleep(0.02)
