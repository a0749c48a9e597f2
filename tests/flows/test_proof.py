"""A real send, its receipt, and the proof in the hands of somebody who has nothing but a file."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import environment
from tests.house import House, phone

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


def toplu(*words: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command without a database, a setting or a network."""
    program = [sys.executable, "-m", "app", *words]
    return subprocess.run(program, cwd=cwd, env=environment(**settings), capture_output=True, text=True, timeout=60)


async def receipt_of(house: House, message: str) -> Json:
    """The receipt, as soon as it is sealed."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        receipt = await house.get(f"/v1/messages/{message}/receipt")
        if receipt["sealed"]:
            return receipt
        await asyncio.sleep(0.2)
    raise AssertionError(f"never sealed: {receipt}")


@pytest.mark.covers("O3", "O7")
async def test_a_receipt_of_a_real_send_holds_anywhere_and_says_why_it_was_sent(house: House, tmp_path: Path) -> None:
    await house.consent(phone(1))
    batch = await house.send(phone(1), phone(2))
    await house.until_settled(batch["id"])
    sent, refused = await house.messages(batch["id"])

    receipt = await receipt_of(house, sent["id"])
    (tmp_path / "receipt.json").write_text(json.dumps(receipt, indent=2))
    key = (await house.get("/v1/audit/keys"))["keys"][0]["key"]
    alone = toplu("receipt", "verify", "receipt.json", "--key", key, cwd=tmp_path)
    by_anybody = await house.client.post(
        "/v1/receipts/verify", json={"receipt": receipt}, headers={"authorization": ""}
    )
    of_refused = await receipt_of(house, refused["id"])

    decision, processing = receipt["decision"]["content"], receipt["processing"]
    assert (0, "") == (alone.returncode, alone.stderr)
    assert "The receipt holds." in alone.stdout
    assert (True, "allowed", sent["id"]) == tuple(by_anybody.json()[name] for name in ("valid", "decision", "message"))
    assert {"explicit_consent", "commercial_approval"} == {event["event_type"] for event in receipt["events"]}
    assert ("campaign_information", "kvkk_5_1") == (processing["purposes"][0]["key"], processing["lawful_basis"])
    assert ("Aydınlatma metni", 64) == (
        processing["privacy_notice"]["title"],
        len(processing["privacy_notice"]["sha256"]),
    )
    assert max(event["event_time"] for event in receipt["events"]) < decision["claimed_at"]
    assert "5320000001" not in json.dumps(receipt)
    assert ("refused", "unknown_person") == tuple(
        of_refused["decision"]["content"][name] for name in ("decision", "reason")
    )


async def test_a_receipt_that_is_asked_for_too_early_says_what_is_missing(api_only: House) -> None:
    await api_only.consent(phone(1))
    batch = await api_only.send(phone(1))
    (message,) = await api_only.messages(batch["id"])

    receipt = await api_only.get(f"/v1/messages/{message['id']}/receipt")
    checked = await api_only.client.post("/v1/receipts/verify", json={"receipt": receipt})

    assert (False, ["decision"]) == (receipt["sealed"], receipt["missing"])
    assert "signature" not in receipt
    assert (False, "not_sealed_yet") == (checked.json()["valid"], checked.json()["flaw"])


Change = Callable[[Json], None]


def edit_decision(receipt: Json) -> None:
    receipt["decision"]["content"]["decision"] = "refused"


def drop_event(receipt: Json) -> None:
    receipt["events"].pop()


def other_purpose(receipt: Json) -> None:
    receipt["processing"]["purposes"][0]["key"] = "marketing_communication"


def other_key(receipt: Json) -> None:
    receipt["signature"]["key"] = "toplu/x+00000000+AAAA"


def not_signed(receipt: Json) -> None:
    del receipt["signature"]


def not_a_receipt(receipt: Json) -> None:
    receipt.clear()


@pytest.mark.covers("O3")
async def test_an_altered_receipt_is_refused_with_the_reason(house: House) -> None:
    await house.consent(phone(1))
    batch = await house.send(phone(1))
    await house.until_settled(batch["id"])
    (message,) = await house.messages(batch["id"])
    receipt = await receipt_of(house, message["id"])
    changes: dict[Change, str] = {
        edit_decision: "forged",
        drop_event: "forged",
        other_purpose: "forged",
        other_key: "unreadable",
        not_signed: "unreadable",
        not_a_receipt: "unreadable",
    }

    found = {}
    for change in changes:
        altered = json.loads(json.dumps(receipt))
        change(altered)
        answer = await house.client.post(
            "/v1/receipts/verify", json={"receipt": altered}, headers={"authorization": ""}
        )
        found[change] = answer.json()["flaw"]

    assert changes == found


Lines = list[Json]


def _links(lines: Lines) -> list[int]:
    return [at for at, line in enumerate(lines) if line["type"] == "link"]


def edited(lines: Lines) -> Lines:
    lines[_links(lines)[2]]["content"]["actor"] = "somebody else"
    return lines


def deleted(lines: Lines) -> Lines:
    del lines[_links(lines)[2]]
    return lines


def reordered(lines: Lines) -> Lines:
    second, third = _links(lines)[1:3]
    lines[second], lines[third] = lines[third], lines[second]
    return lines


def renumbered(lines: Lines) -> Lines:
    """Swapped, and each given the place of the other."""
    second, third = _links(lines)[1:3]
    lines[second], lines[third] = lines[third] | {"seq": 2}, lines[second] | {"seq": 3}
    return lines


def cut(lines: Lines) -> Lines:
    return lines[:-1]


def shortened(lines: Lines) -> Lines:
    """Cut behind its first checkpoint, and given a last line that fits: whole in itself."""
    first = next(at for at, line in enumerate(lines) if line["type"] == "checkpoint")
    return [*lines[: first + 1], {"type": "end", "links": lines[first]["size"], "checkpoints": 1}]


@pytest.mark.covers("O7")
async def test_every_way_to_alter_an_exported_chain_fails_for_its_own_reason(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evidence.checkpoint.EVERY_S", 0.0)
    await house.consent(phone(1))
    batch = await house.send(phone(1), phone(2))
    await house.until_settled(batch["id"])
    for message in await house.messages(batch["id"]):
        await receipt_of(house, message["id"])
    answer = await house.client.get("/v1/audit/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    newest = (await house.get("/v1/audit/checkpoints", limit=1))["data"][0]
    (tmp_path / "kept").write_text(newest["note"])
    (tmp_path / "key").write_text(newest["key"])
    trust = ("--key", "key", "--checkpoint", "kept")

    def verify(altered: Lines) -> tuple[int, str]:
        (tmp_path / "export.jsonl").write_text("".join(json.dumps(line) + "\n" for line in altered))
        done = toplu("audit", "verify", "export.jsonl", *trust, cwd=tmp_path)
        return done.returncode, done.stderr.split(":")[1].strip() if done.stderr else done.stdout.splitlines()[-1]

    found = {
        change.__name__: verify(change(json.loads(json.dumps(lines))))
        for change in (edited, deleted, reordered, renumbered, cut, shortened)
    }
    whole = verify(lines)
    (tmp_path / "kept").unlink()
    trust = ("--key", "key")
    unnoticed = verify(shortened(json.loads(json.dumps(lines))))

    assert (0, "The chain holds.") == whole
    assert {
        "edited": (1, "edited"),
        "deleted": (1, "missing"),
        "reordered": (1, "reordered"),
        "renumbered": (1, "reordered"),
        "cut": (1, "truncated"),
        "shortened": (1, "truncated"),
    } == found
    assert (0, "The chain holds.") == unnoticed, "a tail that was cut shows only against a checkpoint kept elsewhere"
