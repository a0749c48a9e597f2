"""A line that was wrong: corrected by a later one, and kept."""

from datetime import timedelta

import pytest

from tests.rooms.consents.build import (
    EARLIER,
    MARKETING,
    NOW,
    OTHER_MARKETING,
    Shop,
    code,
    phone,
    pointers,
)
from tests.rooms.consents.ledger import agrees, ledger

pytestmark = pytest.mark.anyio


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
