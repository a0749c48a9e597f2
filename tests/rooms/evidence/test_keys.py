"""After the key that signs is another one, everything that was signed before still holds, and nothing else does."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from app.evidence.check_receipt import check_receipt
from app.evidence.examine import Flawed
from app.evidence.receipt import make_receipt
from app.evidence.signer import signer_of, trusted_keys
from app.evidence.verify import verify_chain
from app.evidence.verify_export import verify_export
from app.evidence.vouch import vouched_for
from app.kit.crypto import MasterKey
from app.kit.ids import decode
from app.kit.notes import Signer, Verifier
from tests.conftest import TestDatabase
from tests.house import phone
from tests.rooms.evidence.stand import Stand

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sealed(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> tuple[Stand, Stand, str]:
    """A chain that another key began: the stand of before, that of today, and a message from before."""
    monkeypatch.setattr("app.evidence.checkpoint.EVERY_S", 0.0)
    old = Stand(stand.house, replace(stand.run, master=MasterKey(b"\x03" * 32)))
    await stand.house.consent(phone(1))
    batch = await stand.house.send(phone(1))
    await stand.house.client.post(f"/v1/batches/{batch['id']}/cancel")
    await old.seal()
    (message,) = await stand.house.messages(batch["id"])
    return old, stand, message["id"]


async def receipt_of(stand: Stand, message: str) -> dict[str, Any]:
    async with stand.run.db.begin(stand.tenant) as session:
        receipt = await make_receipt(stand.run, session, stand.tenant, decode("msg", message))
    assert receipt is not None
    return receipt


async def checked(stand: Stand, receipt: dict[str, Any]) -> tuple[bool, str | None]:
    answer = await stand.house.client.post("/v1/receipts/verify", json={"receipt": receipt})
    return answer.json()["valid"], answer.json()["flaw"]


async def test_checkpoints_and_receipts_of_an_older_key_hold_after_the_key_changed(
    sealed: tuple[Stand, Stand, str],
) -> None:
    old, new, message = sealed
    of_before = await receipt_of(old, message)

    await new.house.consent(phone(2))
    await new.seal()

    async with new.run.db.begin(new.tenant) as session:
        keys = await trusted_keys(new.run, session, new.tenant)
    found = await verify_chain(new.house.run, new.tenant, keys)
    exported = (await new.house.client.get("/v1/audit/export")).content.splitlines()
    shown = (await new.house.get("/v1/audit/keys"))["keys"]
    today, before = (signer_of(one.run, one.tenant).verifier for one in (new, old))
    assert [today, before] == keys
    assert [(today.text, True), (before.text, False)] == [(one["key"], one["signs"]) for one in shown]
    assert 2 == found.exam.checked == verify_export(exported, [today]).checked
    assert (True, None) == await checked(new, of_before)


async def test_a_receipt_of_today_may_rest_on_a_checkpoint_of_before(sealed: tuple[Stand, Stand, str]) -> None:
    _, new, message = sealed

    receipt = await receipt_of(new, message)

    assert receipt["signature"]["key"] != receipt["checkpoint_key"]
    assert message == check_receipt(receipt, None).message
    assert message == check_receipt(receipt, [signer_of(new.run, new.tenant).verifier]).message


async def test_a_receipt_takes_two_questions_to_the_database(sealed: tuple[Stand, Stand, str]) -> None:
    _, new, message = sealed
    asked: list[str] = []
    async with new.run.db.begin(new.tenant) as session:
        event.listen(session.sync_connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        receipt = await make_receipt(new.run, session, new.tenant, decode("msg", message))

    assert receipt is not None
    assert (True, 2) == (receipt["sealed"], len(asked))


async def test_a_key_that_nobody_vouches_for_is_not_believed(
    sealed: tuple[Stand, Stand, str], database: TestDatabase
) -> None:
    _, new, message = sealed
    await new.house.consent(phone(2))
    await new.seal()
    today = signer_of(new.run, new.tenant)
    stranger = Signer(today.name, b"\x09" * 32).verifier.text
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(
        "INSERT INTO toplu.signing_keys (tenant_id, key, vouched_by, signature) VALUES ($1, $2, $3, $4)",
        new.tenant,
        stranger,
        today.verifier.text,
        bytes(64),
    )
    await admin.close()

    forged = await receipt_of(Stand(new.house, replace(new.run, master=MasterKey(b"\x05" * 32))), message)

    assert stranger not in [one["key"] for one in (await new.house.get("/v1/audit/keys"))["keys"]]
    assert (False, "unknown_key") == await checked(new, forged)


async def test_that_a_key_began_is_an_act_in_the_chain(sealed: tuple[Stand, Stand, str]) -> None:
    old, new, _ = sealed
    await new.house.consent(phone(2))
    await new.seal()

    acts = await new.rows("SELECT detail FROM audit_events WHERE action = 'signing_key.published' ORDER BY id")
    linked = await new.rows(
        "SELECT a.id FROM audit_events AS a JOIN chain_links AS l ON l.source_id = a.id"
        " WHERE a.action = 'signing_key.published'"
    )

    before, today = (signer_of(one.run, one.tenant).verifier.text for one in (old, new))
    assert [{"key": before, "vouches_for": []}, {"key": today, "vouches_for": [before]}] == [a.detail for a in acts]
    assert 2 == len(linked)


def test_only_what_a_trusted_key_signed_for_is_believed() -> None:
    one, two, three = (Signer("toplu/x", bytes([n]) * 32) for n in (1, 2, 3))
    keys = [signer.verifier for signer in (one, two, three)]
    vouchers = [
        {
            "key": keys[1].text,
            "by": keys[0].text,
            "signature": one.sign(b"toplu key v1\n" + keys[1].text.encode()).hex(),
        },
        {
            "key": keys[2].text,
            "by": keys[0].text,
            "signature": two.sign(b"toplu key v1\n" + keys[2].text.encode()).hex(),
        },
        {"key": "x", "by": keys[0].text, "signature": "zz"},
        {},
    ]

    found: list[Verifier] = vouched_for([keys[0]], vouchers)

    assert keys[:2] == found
    with pytest.raises(Flawed, match="unreadable"):
        check_receipt({"signature": {}}, found)
