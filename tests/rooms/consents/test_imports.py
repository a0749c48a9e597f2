"""Imports of consents: what opens, what is only kept, and what is said of each row."""

import hashlib
import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from app.consents.imports import take
from app.consents.replay import replay
from app.kit.ids import encode
from tests.rooms.consents.build import EARLIER, MARKETING, ORDERS, Shop, code, open_shop, phone
from tests.rooms.consents.streamed import CSV, NDJSON, became, events, send

pytestmark = pytest.mark.anyio


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def later(minutes: int) -> str:
    return (EARLIER + timedelta(minutes=minutes)).isoformat()


async def test_an_import_says_of_each_row_what_opened_and_what_did_not_and_why(shop: Shop) -> None:
    stopped, withdrew, told_off, approved = phone(), phone(), phone(), phone()
    await shop.act("suppressions", stopped, scope="marketing", by="person")
    await shop.act("consents/withdraw", withdrew, occurred_at=later(10))
    told: list[tuple[Any, ...]] = [  # a row, and what is said of it
        (shop.consent(approved), "opened", None, None),
        (shop.approval(approved), "opened", None, None),
        (shop.consent(phone()), "recorded", "consent_not_given", "commercial_approval"),
        (shop.consent(stopped), "recorded", "suppressed", "scope:marketing"),
        (shop.approval(stopped), "recorded", "suppressed", "scope:marketing"),
        (shop.consent(withdrew), "recorded", "older_than_later_act", None),
        (shop.approval(withdrew), "recorded", "consent_withdrawn", "explicit_consent"),
        (shop.consent(phone(), act="refused"), "recorded", "refusal_recorded", None),
        (without(shop.consent(phone()), "method"), "recorded", "method_missing", "method"),
        (
            without(shop.consent(phone()), "notice_version_id"),
            "recorded",
            "notice_version_missing",
            "notice_version_id",
        ),
        (without(shop.approval(phone()), "iys"), "recorded", "iys_attestation_missing", "iys"),
        (shop.consent(phone(), bundled_with=["membership"]), "recorded", "bundled", None),
        (shop.consent("12"), "refused", "invalid_number", "to"),
        (shop.consent(told_off, purpose=ORDERS), "refused", "consent_not_applicable", "purpose"),
        (
            shop.consent(told_off, notice_version_id="ntv_01h455vb4pex5vsknk084sn02q"),
            *("refused", "unknown_notice_version", "notice_version_id"),
        ),
        (shop.consent(told_off, occurred_at="2015-04-30T00:00:00Z"), "refused", "time_out_of_range", "occurred_at"),
        (b'{"to": ', "refused", "json_invalid", None),
        (shop.consent(told_off, channel="fax"), "refused", "literal_error", "channel"),
        (b"",),  # an empty line is counted, and nothing is said of it
        (shop.consent(told_off, surprise=1), "refused", "extra_forbidden", "surprise"),
    ]

    answer = await send(shop, *(row for row, *_ in told))

    assert [(at, *said) for at, (_, *said) in enumerate(told, 1) if said] == await became(shop, answer)
    body = answer.json()
    assert ("completed", 19, 2, 10, 0, 7) == tuple(
        body[name] for name in ("state", "rows", "opened", "recorded", "repeated", "refused")
    )
    assert 17 == sum(body["reasons"].values())
    assert "unknown_person" == await shop.verdict(told_off)


@pytest.mark.covers("A4a")
async def test_a_row_without_proof_is_kept_as_imported_and_never_opens_nor_closes(shop: Shop) -> None:
    to, legacy = phone(), phone()
    await shop.record(*shop.both(to))
    unproven = [without(shop.consent(legacy), "method"), without(shop.approval(legacy), "iys")]

    await send(shop, *unproven, without(shop.consent(to, occurred_at=later(5)), "method"))

    acts = [row["act"] for row in await events(shop)]
    async with shop.desk.run.db.begin(shop.id) as session:
        replayed = await replay(session, shop.id)
    assert ["given", "given", "imported", "imported", "imported"] == acts
    assert ["consent_not_given", None] == [await shop.verdict(legacy), await shop.verdict(to)]
    assert replayed.agrees


async def test_rows_that_are_sent_again_are_recognised(shop: Shop) -> None:
    to = phone()
    rows = [*shop.both(to), shop.consent(to), shop.consent(phone(), act="refused"), without(shop.consent(to), "method")]
    first = await send(shop, *rows)
    before = await events(shop)

    again = await send(shop, *rows, shop.consent(to, occurred_at=later(1)))

    assert ["opened", "opened", "repeated", "recorded", "recorded"] == [row[1] for row in await became(shop, first)]
    assert [*["repeated"] * 5, "opened"] == [row[1] for row in await became(shop, again)]
    assert (5, 1) == (again.json()["repeated"], again.json()["opened"])
    assert len(before) + 1 == len(await events(shop))


async def test_a_correction_is_no_repetition_of_what_it_corrects(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    [consent, _] = await events(shop)
    corrected = shop.consent(to, supersedes=encode("cev", consent["id"]), bundled_with=["membership"])
    told_better = shop.consent(to, supersedes=encode("cev", consent["id"]), method="signature")

    first = await became(shop, await send(shop, told_better, shop.consent(to)))
    again = await became(shop, await send(shop, told_better))
    taken_away = await became(shop, await send(shop, corrected))

    assert [(1, "opened", None, None), (2, "repeated", None, None)] == first
    assert [(1, "repeated", None, None)] == again
    assert [(1, "recorded", "bundled", None)] == taken_away
    assert ["checkbox", "checkbox", "signature", "checkbox"] == [one["method"] for one in await events(shop)]


async def test_what_is_no_stream_is_refused_before_it_is_opened(shop: Shop) -> None:
    answers = [
        await shop.http.post("/v1/consent-imports", content=b"{}", headers={"content-type": "application/json"}),
        await shop.http.post("/v1/consent-imports", content=b"{}", headers=NDJSON | {"content-encoding": "gzip"}),
    ]

    assert [(415, "unsupported_type"), (415, "encoding_refused")] == [code(answer) for answer in answers]
    assert [] == (await shop.http.get("/v1/consent-imports")).json()["data"]


async def test_an_import_under_its_key_is_done_once(shop: Shop) -> None:
    rows = shop.both(phone())

    answers = [await send(shop, *rows, **{"idempotency-key": "list-7"}) for _ in range(2)]
    other = await send(shop, *shop.both(phone()), **{"idempotency-key": "list-7"})

    assert answers[0].json() == answers[1].json()
    assert "true" == answers[1].headers["idempotency-replay"]
    assert (422, "idempotency_key_reused") == code(other)
    assert 2 == len(await events(shop))


async def test_a_body_that_was_not_announced_says_so_and_what_it_did_stays(shop: Shop) -> None:
    row = json.dumps(shop.consent(phone())).encode()
    good, bad = (b64encode(hashlib.sha256(text).digest()).decode() for text in (row, b"else"))

    taken = await send(shop, row, **{"content-digest": f"sha-256=:{good}:"})
    refused = await send(shop, row, **{"content-digest": f"sha-256=:{bad}:"})

    listed = (await shop.http.get("/v1/consent-imports")).json()["data"]
    assert (201, (400, "digest_mismatch")) == (taken.status_code, code(refused))
    assert [("aborted", 1, 1), ("completed", 1, 0)] == [(one["state"], one["rows"], one["repeated"]) for one in listed]


async def test_rows_are_paged_filtered_and_streamed_across_chunks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.consents.imports.receive.CHUNK_ROWS", 4)
    people = [phone() for _ in range(5)]
    rows = [row for to in people for row in (*shop.both(to), shop.consent("1"))]

    answer = await send(shop, *rows)

    place = answer.headers["location"]
    pages, cursor = [], {}
    while True:
        page = (await shop.http.get(f"{place}/rows", params={"limit": 4, **cursor})).json()
        pages += [one["row"] for one in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    streamed = [json.loads(line) for line in (await shop.http.get(f"{place}/results")).text.splitlines()]
    refused = await became(shop, answer, outcome="refused")
    wrong_cursor = await shop.http.get(f"{place}/rows", params={"outcome": "opened", **cursor})
    chunks = await shop.desk.rows(shop.id, "SELECT cardinality(row_numbers) AS n FROM consent_import_chunks")
    assert [4, 4, 4, 3] == [row["n"] for row in chunks]
    assert [*range(1, 16)] == pages == [one["row"] for one in streamed]
    assert [3, 6, 9, 12, 15] == [row[0] for row in refused]
    assert (400, "cursor_invalid") == code(wrong_cursor)
    # The consent at the end of a chunk was committed before its approval: it opened nothing when it was asked.
    assert {"opened", "recorded", "refused"} == {one["outcome"] for one in streamed}
    assert [None] * 5 == [await shop.verdict(to) for to in people]
    assert await shop.person(people[0]) is not None
    assert take.CHUNK_ROWS <= 5_000


async def test_no_number_of_a_refused_row_is_kept(shop: Shop) -> None:
    secret = "+905329998877"
    row = shop.consent(secret, notice_version_id="ntv_01h455vb4pex5vsknk084sn02q")

    answer = await send(shop, row, {secret: secret}, json.dumps({"to": secret}).encode()[:-1])

    place = answer.headers["location"]
    shown = answer.text + (await shop.http.get(f"{place}/rows")).text + (await shop.http.get(f"{place}/results")).text
    kept = str(await shop.desk.rows(shop.id, "SELECT * FROM consent_import_chunks"))
    assert 3 == answer.json()["refused"]
    assert secret[1:] not in shown + kept
    assert [] == await shop.desk.rows(shop.id, "SELECT id FROM aliases")


async def test_an_import_is_seen_by_its_tenant_alone_and_needs_the_scope(shop: Shop) -> None:
    other = await open_shop(shop.desk)
    answer = await send(shop, *shop.both(phone()))
    place = answer.headers["location"]
    _, key = await shop.desk.key(shop.id, ["consents:read"])
    reader = shop.desk.client({"authorization": f"Bearer {key}"})

    found = [(await other.http.get(place + path)).status_code for path in ("", "/rows", "/results")]
    written = await reader.post("/v1/consent-imports", content=b"{}", headers=NDJSON)

    assert [404, 404, 404] == found
    assert (403, "scope_missing") == code(written)
    assert 200 == (await reader.get(place)).status_code


async def test_an_import_is_told_while_it_runs_and_given_up_when_its_process_is_gone(shop: Shop) -> None:
    await send(shop, *shop.both(phone()))
    reopen = "UPDATE consent_imports SET state = 'open', seen_at = clock_timestamp() - make_interval(secs => {s})"

    states = []
    for seconds in (1, 120):
        async with shop.desk.run.db.begin(shop.id) as session:
            await session.exec_driver_sql(reopen.format(s=seconds))
        states.append((await shop.http.get("/v1/consent-imports")).json()["data"][0]["state"])

    assert ["open", "aborted"] == states


async def test_evidence_columns_and_lists_reach_the_ledger(shop: Shop) -> None:
    to = phone()
    scan = {"kind": "paper_scan", "sha256": "ab" * 32, "media_type": "image/png", "size_bytes": 1}
    proofs = [(await shop.http.post("/v1/evidence", json=scan)).json()["id"] for _ in range(2)]
    header = "to,purpose,act,channel,occurred_at,method,notice_version_id,evidence_ids,on_behalf_role,age_assurance"
    line = f"{to},{MARKETING},given,paper,{EARLIER.isoformat()},signature,{shop.notice_version},{'|'.join(proofs)}"

    answer = await shop.http.post(
        "/v1/consent-imports", content=f"{header}\n{line},parent,minor\n".encode(), headers=CSV
    )

    [row] = await events(shop)
    assert [(2, "recorded", "consent_not_given", "commercial_approval")] == await became(shop, answer)
    assert ("given", 2) == (row["act"], len(row["evidence_ids"]))
    assert {"age_assurance": "minor", "on_behalf": {"role": "parent"}} == row["details"]
