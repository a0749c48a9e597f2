"""The program as a process: start, restart, end, and what it leaves behind."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.caller import Caller
from tests.sandbox.conftest import QUICK, TEMPLATES
from tests.sandbox.receiver import Receiver, await_true
from tests.sandbox_process import PHONE_NUMBER_ID, ROOT, TOKEN, VERIFY_TOKEN, SandboxProcess


def test_a_callback_may_start_later_and_misses_nothing(tmp_path: Path) -> None:
    with SandboxProcess.start(tmp_path, "http://127.0.0.1:9/hook", templates=TEMPLATES, **QUICK) as sandbox:
        caller = Caller(sandbox.url)
        wamid = caller.send()
        receiver = Receiver(VERIFY_TOKEN)
        sandbox.subscribe(receiver.url)
        sandbox.await_quiet()
        caller.http.close()
        receiver.close()

        assert receiver.told(wamid) == ["sent", "delivered", "read"]


def test_truth_and_templates_survive_a_kill(tmp_path: Path) -> None:
    first = SandboxProcess.start(tmp_path)
    created = first.add_template("kept", "Selam")
    caller = Caller(first.url)
    plain = {"name": "kept", "language": {"code": "tr"}}
    body = {"messaging_product": "whatsapp", "to": "+905320000001", "type": "template", "template": plain}
    wamid = caller.post(body).json()["messages"][0]["id"]
    first.process.kill()
    first.stop()

    with SandboxProcess.start(tmp_path) as second:
        node = second.control.get(f"/v26.0/{created['id']}", headers=dict(caller.http.headers)).json()
        caller.http.close()

        assert node["name"] == "kept"
        assert [line["wamid"] for line in second.truth("accepted")] == [wamid]


def test_the_log_is_json_lines_without_numbers_and_tokens(tmp_path: Path) -> None:
    receiver = Receiver("canary-verify")
    with SandboxProcess.start(
        tmp_path, receiver.url, "canary-secret", "canary-verify", "canary-token", templates=TEMPLATES, **QUICK
    ) as sandbox:
        caller = Caller(sandbox.url)
        caller.http.headers["Authorization"] = "Bearer canary-token"
        sandbox.await_subscribed()
        receiver.answers = [500]
        sandbox.knobs(retry_first_s=0.01)
        caller.send("+905329998877")
        caller.code({"to": "+905329998877"})
        sandbox.inbound("+905329998877", text="STOP")
        sandbox.await_quiet()
        caller.http.close()
    receiver.close()

    text = (tmp_path / "sandbox.log").read_text()
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert {"sandbox.listening", "sandbox.subscribed", "sandbox.webhook_refused"} <= set(events)
    assert "9998877" not in text + (tmp_path / "truth.ndjson").read_text()
    assert "canary" not in text


def test_an_unanswered_call_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    sandbox = SandboxProcess.start(tmp_path, templates=TEMPLATES)
    head = f"POST /v26.0/{PHONE_NUMBER_ID}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    plain = {"name": "plain", "language": {"code": "tr"}}
    body = json.dumps({"messaging_product": "whatsapp", "to": "+447700900408", "type": "template", "template": plain})
    with socket.create_connection(("127.0.0.1", sandbox.port)) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await_true(lambda: sandbox.state()["accepted"] == 1)

        sandbox.stop()

    assert sandbox.process.returncode != -9


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import sys; from pathlib import Path; from tests.sandbox_process import SandboxProcess;"
        "print(SandboxProcess.start(Path(sys.argv[1])).pid, flush=True); import os; os._exit(0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", starter, str(tmp_path)], cwd=ROOT, capture_output=True, check=True, timeout=20
    )

    alive = Path(f"/proc/{int(done.stdout)}/cmdline")
    await_true(lambda: not alive.exists() or not alive.read_bytes())


@pytest.mark.parametrize("knobs", [{"typo": 1}, {"read_share": 2}, {"faults": {"flood": 1}}])
def test_a_wrong_knob_is_refused(sandbox: SandboxProcess, knobs: dict[str, object]) -> None:
    response = sandbox.control.post("/sandbox/knobs", json=knobs)

    assert response.status_code == 422
    assert sandbox.state()["knobs"]["read_share"] == 1


def test_it_does_not_start_with_a_wrong_knob(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="cannot start"):
        SandboxProcess.start(tmp_path, typo=1)
