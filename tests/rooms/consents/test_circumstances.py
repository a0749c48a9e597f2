"""What a record holds beyond the act: how it came about, what proves it, and when it does not count."""

from datetime import timedelta
from typing import Any

import pytest

from app.consents.replay import replay
from tests.rooms.consents.build import (
    EARLIER,
    MARKETING,
    NOW,
    OTHER_MARKETING,
    Shop,
    code,
    open_shop,
    phone,
    pointers,
)

pytestmark = pytest.mark.anyio

HASH = "0123456789abcdef" * 4
TEXT = {"id": "txt-wa-1", "version": 2, "language": "tr", "sha256": HASH}
SCAN = {
    "kind": "paper_scan",
    "sha256": HASH,
    "media_type": "image/tiff",
    "size_bytes": 51_200,
    "reference": "dms:2026/000123",
    "physical_ref": {"archive": "IST-1", "box": "12", "page": "3"},
}
PROOF = {"form": "birth certificate 12"}
PARENT = {"role": "parent", "reference": "Fatma Yılmaz"}


async def ledger(shop: Shop, to: str) -> list[dict[str, Any]]:
    """The person's lines, as the API shows them."""
    answer = await shop.http.post("/v1/consents/check", json={"purpose": MARKETING, "recipients": [{"to": to}]})
    page = await shop.http.get(f"/v1/people/{answer.json()['data'][0]['person_id']}/consents")
    assert 200 == page.status_code, page.text
    data: list[dict[str, Any]] = page.json()["data"]
    return data


async def agrees(shop: Shop) -> bool:
    """Whether the state is what the ledger says."""
    async with shop.desk.run.db.begin(shop.id) as session:
        return (await replay(session, shop.id)).agrees


@pytest.mark.covers("O14")
async def test_a_record_holds_how_it_came_about_and_who_is_named_in_it_stays_sealed(shop: Shop) -> None:
    to = phone()
    shown_at = (EARLIER - timedelta(minutes=1)).isoformat()
    how: dict[str, Any] = {
        "collection_context": "membership",
        "language": "tr",
        "notice_shown_at": shown_at,
        "consent_text": TEXT,
        "is_precondition": False,
        "bundled_with": [],
        "operator": "clerk-7",
        "on_behalf": {"role": "attorney", "reference": "Av. Zeynep Kaya"},
        "age_assurance": "adult_verified",
        "confirmation": {"id": "sms-1", "sent_at": EARLIER.isoformat(), "refusal_option": True},
        "processing": {"data_categories": ["phone_number"], "storage_locations": ["TR"]},
        "evidence": {"power_of_attorney": "2026/17"},
    }

    answer = await shop.record(shop.consent(to, **how), shop.approval(to))

    [consent, _] = await ledger(shop, to)
    assert 200 == answer.status_code, answer.text
    assert ("membership", "tr", "given") == (consent["collection_context"], consent["language"], consent["act"])
    assert {
        "consent_text": TEXT,
        "is_precondition": False,
        "operator": "clerk-7",
        "on_behalf": {"role": "attorney"},
        "age_assurance": "adult_verified",
        "processing": {"data_categories": ["phone_number"], "storage_locations": ["TR"]},
    } == {name: value for name, value in consent["details"].items() if name not in ("confirmation", "notice_shown_at")}
    assert {"sms-1", True} == {consent["details"]["confirmation"][name] for name in ("id", "refusal_option")}
    assert await shop.verdict(to) is None
    stored = await shop.desk.rows(shop.id, "SELECT * FROM consent_events")
    assert "Zeynep" not in str(stored) + str(consent)


@pytest.mark.covers("A4a")
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"is_precondition": True}, "precondition"),
        ({"bundled_with": ["membership"]}, "bundled"),
        ({"bundled_with": ["membership"], "is_precondition": True}, "precondition"),
        ({"age_assurance": "minor"}, "minor"),
        ({"age_assurance": "minor", "evidence": PROOF}, "minor"),
        ({"age_assurance": "minor", "on_behalf": PARENT}, "minor"),
        ({"age_assurance": "minor", "on_behalf": {"role": "attorney"}, "evidence": PROOF}, "minor"),
        ({"on_behalf": PARENT}, "proxy_unproven"),
    ],
)
@pytest.mark.parametrize("kind", ["consent", "approval"])
async def test_what_was_not_given_freely_is_kept_and_opens_nothing(
    shop: Shop, how: dict[str, Any], why: str, kind: str
) -> None:
    to = phone()
    rows = {"consent": shop.consent(to), "approval": shop.approval(to)}
    rows[kind] |= how

    answer = await shop.record(*rows.values())

    body = answer.json()
    acts = {line["record_kind"]: (line["act"], line["details"].get("invalid")) for line in await ledger(shop, to)}
    kinds = {"consent": "explicit_consent", "approval": "commercial_approval"}
    assert (2, [(list(rows).index(kind), why)]) == (
        body["recorded"],
        [(row["index"], row["code"]) for row in body["not_counted"]],
    )
    assert ("invalid", why) == acts[kinds[kind]]
    assert "consent_not_given" == await shop.verdict(to)
    assert await agrees(shop)


@pytest.mark.parametrize("role", ["parent", "guardian"])
@pytest.mark.parametrize("by_object", [True, False])
async def test_a_parent_or_guardian_with_evidence_may_consent_for_a_minor(
    shop: Shop, role: str, by_object: bool
) -> None:
    to = phone()
    how: dict[str, Any] = {"age_assurance": "minor", "on_behalf": {"role": role}}
    if by_object:
        how["evidence_ids"] = [(await shop.http.post("/v1/evidence", json=SCAN)).json()["id"]]
    else:
        how["evidence"] = PROOF

    answer = await shop.record(*shop.both(to, **how))

    assert [] == answer.json()["not_counted"]
    assert await shop.verdict(to) is None


async def test_what_does_not_count_leaves_an_earlier_consent_as_it_was(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    later = (EARLIER + timedelta(minutes=5)).isoformat()

    await shop.record(*shop.both(to, is_precondition=True, occurred_at=later))

    assert await shop.verdict(to) is None
    assert await agrees(shop)


async def test_a_refusal_counts_however_it_came_about(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    later = (EARLIER + timedelta(minutes=5)).isoformat()

    answer = await shop.record(shop.consent(to, act="refused", bundled_with=["membership"], occurred_at=later))

    assert [] == answer.json()["not_counted"]
    assert "consent_not_given" == await shop.verdict(to)


@pytest.mark.covers("O19")
async def test_proof_of_paper_and_of_bytes_is_known_by_its_hash_and_where_it_lies(shop: Shop) -> None:
    to = phone()
    made = await shop.http.post("/v1/evidence", json=SCAN)
    evidence = made.json()

    await shop.record(shop.consent(to, evidence_ids=[evidence["id"]]))

    [line] = await ledger(shop, to)
    seen = await shop.http.get(made.headers["location"])
    person = await shop.person(to)
    links = await shop.desk.rows(
        shop.id,
        "SELECT l.person_id, o.physical_ref FROM evidence_links_v1 AS l"
        " JOIN evidence_objects_v1 AS o ON o.tenant_id = l.tenant_id AND o.id = l.evidence_id",
    )
    by_hash = (await shop.http.get("/v1/evidence", params={"sha256": HASH})).json()
    assert (201, SCAN) == (made.status_code, {name: evidence[name] for name in SCAN})
    assert (evidence, [evidence["id"]]) == (seen.json(), line["evidence_ids"])
    assert [{"person_id": person, "physical_ref": SCAN["physical_ref"]}] == links
    assert [evidence["id"]] == [row["id"] for row in by_hash["data"]]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"sha256": "abc"}, "/sha256"),
        ({"kind": "rumour"}, "/kind"),
        ({"media_type": "image"}, "/media_type"),
        ({"reference": "Ayşe Yılmaz, 0532"}, "/reference"),
        ({"physical_ref": {"box": "1"}}, "/physical_ref/archive"),
        ({"size_bytes": -1}, "/size_bytes"),
    ],
)
async def test_evidence_that_says_too_little_or_too_much_is_refused(
    shop: Shop, change: dict[str, Any], pointer: str
) -> None:
    answer = await shop.http.post("/v1/evidence", json=SCAN | change)

    assert (422, [pointer]) == (answer.status_code, [where for where, _ in pointers(answer)])


async def test_evidence_of_another_tenant_is_none(shop: Shop) -> None:
    other = await open_shop(shop.desk)
    evidence = (await other.http.post("/v1/evidence", json=SCAN)).json()["id"]

    answer = await shop.record(shop.consent(phone(), evidence_ids=[evidence]))

    assert [("/consents/0/evidence_ids", "unknown_evidence")] == pointers(answer)
    assert 404 == (await shop.http.get(f"/v1/evidence/{evidence}")).status_code


@pytest.mark.parametrize(
    ("change", "pointer", "expected"),
    [
        ({"occurred_at": "2024-12-31T12:00:00Z"}, "notice_version_id", "notice_too_new"),
        ({"notice_shown_at": "2024-12-31T12:00:00Z"}, "notice_shown_at", "time_out_of_range"),
        ({"notice_shown_at": (EARLIER + timedelta(minutes=1)).isoformat()}, "notice_shown_at", "time_out_of_range"),
        ({"evidence_ids": ["evd_01h455vb4pex5vsknk084sn02q"]}, "evidence_ids", "unknown_evidence"),
        ({"supersedes": "cev_01h455vb4pex5vsknk084sn02q"}, "supersedes", "unknown_consent_event"),
        ({"renews": "cev_01h455vb4pex5vsknk084sn02q"}, "renews", "unknown_consent_event"),
        ({"operator": "Ayşe Yılmaz"}, "operator", "string_pattern_mismatch"),
        ({"on_behalf": {"role": "friend"}}, "on_behalf/role", "literal_error"),
        ({"collection_context": "other"}, "collection_context", "literal_error"),
        ({"consent_text": TEXT | {"sha256": "x"}}, "consent_text/sha256", "string_pattern_mismatch"),
        ({"challenge_id": "chl_01h455vb4pex5vsknk084sn02q"}, "challenge_id", "extra_forbidden"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_recorded(
    shop: Shop, change: dict[str, Any], pointer: str, expected: str
) -> None:
    to = phone()

    answer = await shop.record(shop.consent(to, **change))

    assert (422, [(f"/consents/0/{pointer}", expected)]) == (answer.status_code, pointers(answer))
    assert [] == await shop.desk.rows(shop.id, "SELECT id FROM consent_events")


async def test_a_consent_may_rest_on_a_text_from_the_day_it_was_shown(shop: Shop) -> None:
    to = phone()

    answer = await shop.record(*shop.both(to, occurred_at="2025-01-01T00:00:00Z"))

    assert 200 == answer.status_code, answer.text
    assert await shop.verdict(to) is None


async def test_a_text_cannot_have_been_shown_in_the_future(shop: Shop) -> None:
    later = (EARLIER + timedelta(days=2)).isoformat()
    new = {"name": "yeni", "language": "tr", "title": "Metin", "body": "Metin", "purposes": [MARKETING]}

    answer = await shop.http.post("/v1/notices", json=new | {"shown_since": later})

    assert [("/shown_since", "shown_since_ahead")] == pointers(answer)


async def test_a_corrected_line_stays_and_counts_no_more(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    [consent, _] = await ledger(shop, to)
    withdrawn_at = EARLIER - timedelta(minutes=10)
    await shop.act("consents/withdraw", to, purposes=[MARKETING], occurred_at=withdrawn_at.isoformat())
    before = await shop.verdict(to)

    # The consent was not given an hour ago, but earlier: before the person took it back.
    truly_at = (withdrawn_at - timedelta(minutes=10)).isoformat()
    answer = await shop.record(shop.consent(to, occurred_at=truly_at, supersedes=consent["id"], method="signature"))

    lines = await ledger(shop, to)
    assert before is None
    assert 200 == answer.status_code, answer.text
    assert "consent_withdrawn" == await shop.verdict(to)
    assert (consent, consent["id"], "signature") == (lines[0], lines[-1]["supersedes"], lines[-1]["method"])
    assert await agrees(shop)


async def test_a_correction_that_does_not_count_takes_the_consent_away(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to), *shop.both(to, purpose=OTHER_MARKETING))
    lines = await ledger(shop, to)
    consent = next(line for line in lines if (line["record_kind"], line["purpose"]) == ("explicit_consent", MARKETING))

    await shop.record(shop.consent(to, supersedes=consent["id"], bundled_with=["membership"]))

    assert ["consent_not_given", None] == [await shop.verdict(to), await shop.verdict(to, OTHER_MARKETING)]
    assert await agrees(shop)


async def test_what_was_corrected_does_not_come_back_when_it_is_sent_again(shop: Shop) -> None:
    to = phone()
    rows = shop.both(to)
    await shop.record(*rows)
    [consent, _] = await ledger(shop, to)
    await shop.record(shop.consent(to, supersedes=consent["id"], bundled_with=["membership"]))

    again = await shop.record(*rows)
    after_that = await shop.verdict(to)
    await shop.record(shop.consent(to, occurred_at=NOW.isoformat()))

    assert (2, [(0, "corrected")]) == (
        again.json()["recorded"],
        [(one["index"], one["code"]) for one in again.json()["not_counted"]],
    )
    assert ["consent_not_given", None] == [after_that, await shop.verdict(to)]
    assert await agrees(shop)


async def test_what_the_person_refused_is_not_corrected_away(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to, act="refused"))
    [refused, _] = await ledger(shop, to)

    answer = await shop.record(shop.consent(to, supersedes=refused["id"]))

    assert [("/consents/0/supersedes", "not_correctable")] == pointers(answer)
    assert (422, "not_correctable") == code(answer)


async def test_a_line_is_corrected_within_its_person_and_purpose(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    [consent, _] = await ledger(shop, to)

    answers = [
        await shop.record(shop.consent(phone(), supersedes=consent["id"])),
        await shop.record(shop.consent(to, purpose=OTHER_MARKETING, supersedes=consent["id"])),
        await shop.record(shop.approval(to, supersedes=consent["id"])),
        await shop.record(shop.consent(to, renews=consent["id"], act="refused")),
    ]

    assert [(422, "unknown_consent_event")] * 3 == [code(answer) for answer in answers[:3]]
    assert 200 == answers[3].status_code
