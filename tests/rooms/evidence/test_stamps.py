"""The chain and the outside: stamps that somebody else gives, and how far sealing is behind."""

import base64
import hashlib
import json
from importlib.metadata import EntryPoint

import asyncpg
import pytest

from app.evidence.sealer import Sealer
from app.evidence.stamp import GROUP, find_stamp
from tests.conftest import TestDatabase
from tests.house import phone
from tests.rooms.evidence.stand import Stand

pytestmark = pytest.mark.anyio


class Notary:
    """Somebody outside, as a package of the operator's own would bring one."""

    every_s = 3_600.0

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def stamp(self, digest: bytes) -> bytes | None:
        self.asked.append(digest)
        return b"token of " + digest


async def test_somebody_outside_stamps_the_newest_checkpoint_and_not_each_of_them(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evidence.checkpoint.EVERY_S", 0.0)
    notary = Notary()
    for number in (1, 2):
        await stand.house.consent(phone(number))
        await Sealer(stand.run, notary).look()

    checkpoints = (await stand.house.get("/v1/audit/checkpoints"))["data"]
    exported = [json.loads(line) for line in (await stand.house.client.get("/v1/audit/export")).text.splitlines()]

    digest = hashlib.sha256(checkpoints[-1]["note"].encode()).digest()
    token = base64.b64encode(b"token of " + digest).decode()
    assert [digest] == notary.asked
    assert [None, token] == [one["stamp"] for one in checkpoints]
    assert [token] == [line["stamp"] for line in exported if "stamp" in line]


async def test_whoever_is_installed_to_stamp_is_found_and_nobody_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = find_stamp()
    point = EntryPoint("notary", f"{__name__}:Notary", GROUP)
    monkeypatch.setattr("app.evidence.stamp.entry_points", lambda group: [point] if group == GROUP else [])

    assert (None, "Notary") == (nobody, type(find_stamp()).__name__)


async def test_how_far_the_sealer_is_behind_is_a_metric(stand: Stand, database: TestDatabase) -> None:
    async def metric(name: str) -> float:
        text_ = (await stand.house.client.get("/metrics")).text
        (line,) = [line for line in text_.splitlines() if line.startswith(f"toplu_evidence_{name} ")]
        return float(line.split()[1])

    await stand.house.consent(phone(1))
    draft = await stand.house.send(phone(2), start=False)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE toplu.seal_queue SET queued_at = queued_at - interval '1 hour'")
    await admin.close()
    behind = await metric("unsealed_rows"), await metric("seal_lag_seconds")
    await stand.seal()

    assert behind[0] > 2 and behind[1] > 3_599
    assert (0.0, 0.0) == (await metric("unsealed_rows"), await metric("seal_lag_seconds"))
    assert "draft" == draft["state"], "what a draft holds is not behind: it waits for its start"
