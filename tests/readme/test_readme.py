"""The README's first send, run as a stranger runs it: `toplu up`, two variables, and that very block."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.servers import throwaway_data_dir

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PATIENCE_S = 60.0


def find_block(language: str, after: str, text: str = README) -> str:
    """The first fenced block of a language after a line of a document, the README unless said."""
    found = re.search(rf"{re.escape(after)}.*?^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def stack() -> Iterator[dict[str, str]]:
    """What `toplu up` announces; everything is stopped and removed afterwards."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOPLU_")}
    with throwaway_data_dir("toplu-readme-") as folder:
        announced = folder / "announced.json"
        words = ["--port", "0", "--sandbox-port", "0", "--data-dir", str(folder / "data"), "--announce", str(announced)]
        with (folder / "up.log").open("wb") as log:
            program = [sys.executable, "-P", "-m", "app", "up", *words]
            environment = clean | {"PYTHONPATH": str(ROOT)}
            process = subprocess.Popen(program, stdout=log, stderr=log, env=environment, cwd=folder)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not announced.exists():
                running = process.poll() is None and time.monotonic() < deadline
                assert running, (folder / "up.log").read_text("utf-8")
                time.sleep(0.05)
            yield json.loads(announced.read_text("utf-8"))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.slow
def test_the_blocks_do_what_the_documents_say(stack: dict[str, str], tmp_path: Path) -> None:
    first = find_block("bash", "<!-- quick start: a test runs this block -->")
    stream = find_block("bash", "<!-- streaming: a test runs this block -->", read("docs/streaming.md"))
    template = find_block("bash", "<!-- a template of your own: a test runs this block -->", read("docs/sandbox.md"))
    examples = "\n".join(re.findall(r"^```bash\n(.*?)^```", read("docs/examples.md"), re.MULTILINE | re.DOTALL))
    named = {"TOPLU_URL": stack["url"], "TOPLU_KEY": stack["key"], "SANDBOX_URL": stack["sandbox"]}
    script = f"{first}\necho =====\n{stream}\necho =====\n{template}\necho =====\n{examples}"

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | named | {"no_proxy": "127.0.0.1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (0, "") == (done.returncode, done.stderr)
    sent, streamed, made, exemplary = done.stdout.split("=====\n")
    assert sent.endswith(find_block("text", "It ends with:"))
    upload, started = (json.loads(line) for line in streamed.splitlines())
    assert {"queued": 1, "refused": 1} == upload["counts"]
    assert ["column 4"] == upload["ignored_columns"]
    assert [3] == [row["row"] for row in upload["first_refusals"]]
    assert "draft" != started["state"]
    assert "APPROVED" == json.loads(made)["status"]
    assert exemplary.endswith('{"data":[],"next_cursor":null,"has_more":false}\n')  # nothing is overdue any more
    assert "Hakkınızda tutulan veriler" in (tmp_path / "person.html").read_text("utf-8")


def test_the_two_commands_and_the_start_are_targets_of_the_makefile() -> None:
    named = set(re.findall(r"^make (\w+)", README, re.MULTILINE))

    targets = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert {"demo", "test", "up"} == named
    assert named <= targets
