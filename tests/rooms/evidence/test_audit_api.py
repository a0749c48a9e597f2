"""The audit's routes: what a key with `audit:read` sees of its own chain."""

import json

import pytest

from app.evidence.verify_export import verify_export
from app.kit.merkle import is_consistent
from app.kit.notes import Checkpoint, Verifier
from tests.house import phone
from tests.rooms.evidence.stand import Stand

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sealed(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Two checkpoints: one of the furniture, one with two consents."""
    monkeypatch.setattr("app.evidence.checkpoint.EVERY_S", 0.0)
    await stand.seal()
    await stand.house.consent(phone(1))
    await stand.seal()
    return stand


async def test_checkpoints_are_listed_newest_first_and_each_continues_the_one_before(sealed: Stand) -> None:
    newest, oldest = (await sealed.house.get("/v1/audit/checkpoints"))["data"]
    (key,) = (await sealed.house.get("/v1/audit/keys"))["keys"]

    shown = await sealed.house.get(f"/v1/audit/checkpoints/{newest['id']}", since=oldest["size"])

    said = Checkpoint.read(Verifier.read(key["key"]).open_note(newest["note"]))
    roots = [bytes.fromhex(one["root"]) for one in (oldest, newest)]
    path = [bytes.fromhex(one) for one in shown["consistency"]]
    assert (newest["size"], newest["root"], key["name"]) == (said.size, said.root.hex(), said.origin)
    assert oldest["size"] < newest["size"]
    assert is_consistent(oldest["size"], newest["size"], *roots, path)


async def test_a_checkpoint_knows_nothing_of_what_comes_after_it(sealed: Stand) -> None:
    newest, _ = (await sealed.house.get("/v1/audit/checkpoints"))["data"]

    answer = await sealed.house.client.get(
        f"/v1/audit/checkpoints/{newest['id']}", params={"since": newest["size"] + 1}
    )

    assert (404, "not_found") == (answer.status_code, answer.json()["code"])


async def test_links_are_paged_in_order_without_a_gap(sealed: Stand) -> None:
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = await sealed.house.get("/v1/audit/links", limit=3, **cursor)
        seen += [link["seq"] for link in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert list(range(1, len(seen) + 1)) == seen
    assert len(seen) > 6


async def test_the_export_holds_every_content_and_no_number(sealed: Stand) -> None:
    answer = await sealed.house.client.get("/v1/audit/export")

    lines = answer.text.splitlines()
    exam = verify_export((line.encode() for line in lines), None)
    kinds = {json.loads(line)["type"] for line in lines}
    (act,) = await sealed.rows("SELECT actor FROM audit_events WHERE action = 'audit.exported'")
    assert act.actor.startswith("key_"), "who took a copy away is an act of its own"
    assert {"export", "link", "checkpoint", "end"} == kinds
    assert (exam.seen, 2) == (json.loads(lines[-1])["links"], exam.checked)
    assert "5320000001" not in answer.text
    assert "application/jsonl" == answer.headers["content-type"]


async def test_a_chain_of_nothing_is_exported_as_nothing(stand: Stand) -> None:
    answer = await stand.house.client.get("/v1/audit/export")

    exam = verify_export((line.encode() for line in answer.text.splitlines()), None)

    assert (0, None) == (exam.seen, exam.last)


@pytest.mark.covers("O3")
@pytest.mark.parametrize(
    "receipt", [{}, {"header": 7}, {"header": {"tenant": 5}}, {"a": 1.5}, {"header": {"tenant": "x"}}]
)
async def test_anybody_may_ask_about_anything_and_learns_only_that_it_is_no_receipt(
    stand: Stand, receipt: object
) -> None:
    answer = await stand.house.client.post(
        "/v1/receipts/verify", json={"receipt": receipt}, headers={"authorization": ""}
    )

    assert (200, False, "unreadable") == (answer.status_code, answer.json()["valid"], answer.json()["flaw"])
    assert "ratelimit" in answer.headers


async def test_a_receipt_that_is_too_long_is_not_read(stand: Stand) -> None:
    answer = await stand.house.client.post("/v1/receipts/verify", json={"receipt": {"x": "y" * 300_000}})

    assert (413, "too_large") == (answer.status_code, answer.json()["code"])
