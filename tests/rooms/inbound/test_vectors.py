"""Every way to say stop, and what happens: stopped at once, held for a human, or nothing at all."""

from datetime import timedelta
from typing import Any

import pytest

from app.inbound.words import STOPPED, UNDO
from app.kit.clock import utc_now
from app.kit.ids import new_id
from tests.rooms.inbound.stand import UPDATES, Stand, a_phone, body_of, preference, said, status

pytestmark = pytest.mark.anyio

STOPS = [
    *("dur", "durdur", "ret", "red", "reddet", "stop", "iptal", "cikis", "cik", "abonelikten cik"),
    *("aboneligi iptal et", "mesaj gonderme", "unsubscribe"),
    *("İPTAL", "IPTAL", "ıptal", "i̇ptal", "ÇIKIŞ", "Çıkış", "CIKIS", "ABONELİKTEN ÇIK", "DUR.", "dur!", "Dur\u200b"),
    *("ＳＴＯＰ", "Aboneliği iptal et", "MESAJ GÖNDERME"),
]
HELD = [
    *("D U R", "s.t.o.p", "hayır", "HAYIR", "Vazgeç"),
    *("siparişimi iptal eder misiniz", "lütfen artık mesaj gönderme bana", "STOP this bill", "STOP 12345"),
    *("dur kimsenintanımlamadığı", "stop ama sonra TP-ABCDEFGH"),
]
NOTHING = ["merhaba", "durum ne?", "evet", "ONAYLIYORUM", "retro", "TP-ABCDEFGH", ""]


async def becomes(stand: Stand, message: dict[str, Any]) -> list[str]:
    """Who stops marketing for somebody who consented, after they sent this."""
    tenant, phone = await stand.tenant(), a_phone()
    person = await stand.consent(tenant, phone)
    item = message | {"from": phone[1:]}

    await stand.tell(body_of(tenant.value(messages=[item])))

    rows = await stand.rows("SELECT raised_by FROM suppressions WHERE person_id = $1 AND act = 'raised'", person)
    verdict = await stand.verdict(tenant, person)
    assert ("suppressed" if rows else None) == verdict
    assert "suppressed" != await stand.verdict(tenant, person, UPDATES)
    return [row[0] for row in rows]


@pytest.mark.parametrize("words", STOPS)
async def test_a_whole_message_that_is_a_stop_word_stops(stand: Stand, words: str) -> None:
    assert ["person"] == await becomes(stand, said(None, words))


@pytest.mark.parametrize("words", HELD)
async def test_what_may_be_a_stop_is_held_for_a_human(stand: Stand, words: str) -> None:
    assert ["review"] == await becomes(stand, said(None, words))
    assert [] == stand.confirmations()


@pytest.mark.parametrize("words", NOTHING)
async def test_anything_else_stops_nothing(stand: Stand, words: str) -> None:
    assert [] == await becomes(stand, said(None, words))


@pytest.mark.parametrize(
    ("pressed", "expected"),
    [
        ({"type": "button", "button": {"payload": "OPTOUT", "text": "Artık istemiyorum"}}, ["person"]),
        ({"type": "button", "button": {"payload": "Durdur", "text": "Durdur"}}, ["person"]),
        ({"type": "button", "button": {"payload": "btn-7", "text": "Durdur"}}, ["review"]),
        ({"type": "button", "button": {"payload": "btn-7", "text": "Siparişim nerede"}}, []),
        ({"type": "interactive", "interactive": {"button_reply": {"id": "STOP", "title": "x"}}}, ["person"]),
        (
            {"type": "interactive", "interactive": {"button_reply": {"id": "x", "title": "Teslimatı durdur"}}},
            ["review"],
        ),
        ({"type": "image", "image": {"id": "1", "caption": "DUR"}}, ["review"]),
        ({"type": "image", "image": {"id": "1"}}, []),
        ({"type": "audio", "audio": {"id": "1", "caption": "DUR"}}, []),
        ({"type": "sticker", "sticker": {"id": "1"}}, []),
        ({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "🛑"}}, []),
        ({"type": "unsupported", "unsupported": {"type": "edit"}, "text": {"body": "DUR"}}, []),
    ],
    ids=[
        *("payload", "label_as_payload", "label_only", "other_button", "reply", "reply_label", "caption"),
        *("image", "audio", "sticker", "reaction", "edited"),
    ],
)
async def test_a_button_is_known_by_its_payload_and_media_is_not_read(
    stand: Stand, pressed: dict[str, Any], expected: list[str]
) -> None:
    assert expected == await becomes(stand, said(None, "") | pressed)


async def test_our_own_words_that_come_back_as_an_echo_are_nobodys_stop(stand: Stand) -> None:
    tenant = await stand.tenant()

    await stand.tell(body_of(tenant.value(messages=[said("+15550100000", "DUR")])))
    await stand.tell(body_of(tenant.value(message_echoes=[said("+15550100000", "DUR")]), field="smb_message_echoes"))

    assert await stand.person(tenant, "+15550100000") is None


async def test_a_stop_of_somebody_held_holds_for_what_is_imported_later(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await stand.tell(body_of(tenant.value(messages=[said(phone, "bir daha bana mesaj gönderme lütfen, dur")])))
    imported = await stand.consent(tenant, phone)

    assert "suppressed" == await stand.verdict(tenant, imported)


@pytest.mark.parametrize(("word", "text"), [("RET", STOPPED), ("İptal", STOPPED + UNDO), ("dur", STOPPED + UNDO)])
async def test_an_ambiguous_stop_is_told_how_to_undo_it(stand: Stand, word: str, text: str) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await stand.tell(body_of(tenant.value(messages=[said(phone, word)])))

    assert [text] == [one["text"]["body"] for one in stand.confirmations()]


async def test_a_platform_stop_on_one_number_holds_for_the_whole_tenant(stand: Stand) -> None:
    tenant, phone, now = await stand.tenant(), a_phone(), utc_now()
    person = await stand.consent(tenant, phone)

    for wish, minutes in (("stop", 2), ("resume", 1)):
        switch = preference(phone, wish, now - timedelta(minutes=minutes))
        if wish == "resume":
            await stand.tell(body_of(tenant.value(messages=[said(phone, "RET", now - timedelta(minutes=3))])))
        await stand.tell(body_of(tenant.value(user_preferences=[switch]), field="user_preferences"))

    keys = await stand.rows("SELECT raised_by, act FROM suppressions WHERE person_id = $1 ORDER BY raised_by", person)
    assert [("person", "raised"), ("platform", "lifted")] == keys
    assert "suppressed" == await stand.verdict(tenant, person)


async def test_no_delivery_error_is_ever_taken_for_a_withdrawal(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    person = await stand.consent(tenant, phone)
    codes = (131050, 131026, 131047, 131049, 130472, 368)
    messages = await stand.put(tenant, *["sent"] * len(codes))
    before = await stand.ledger(person)

    failed = [
        status(message, "failed", recipient_id=phone[1:], errors=[{"code": code, "title": "stopped"}])
        for message, code in zip(messages, codes, strict=True)
    ]
    await stand.tell(body_of(tenant.value(statuses=failed)))

    assert ["failed"] * len(codes) == await stand.states(messages)
    assert before == await stand.ledger(person)
    assert await stand.verdict(tenant, person) is None


async def test_a_reply_that_a_crash_left_under_way_is_uncertain_and_never_posted_again(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    await stand.tell(body_of(tenant.value(messages=[said(phone, "RET")])))
    posted = len(stand.confirmations())

    await stand.admin.execute(
        "UPDATE chat_replies SET state = 'taken', taken_at = clock_timestamp() - interval '2 minutes'"
        " WHERE tenant_id = $1",
        tenant.id,
    )
    await stand.settle()

    assert (1, posted) == (posted, len(stand.confirmations()))
    assert [("uncertain",)] == await stand.rows("SELECT state FROM chat_replies WHERE tenant_id = $1", tenant.id)


async def test_a_reply_owed_outside_the_window_lapses(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    person = await stand.consent(tenant, phone)
    ((alias,),) = await stand.rows("SELECT id FROM aliases WHERE person_id = $1", person)
    await stand.admin.execute(
        "INSERT INTO chat_replies (id, tenant_id, sender_id, person_id, alias_id, kind, answers, purpose_id,"
        " window_until) VALUES ($1, $2, $3, $4, $5, 'start_help', $1, 10, clock_timestamp() - interval '1 second')",
        new_id(),
        tenant.id,
        tenant.sender,
        person,
        alias,
    )

    await stand.settle()

    assert [] == stand.confirmations()
    assert [("lapsed",)] == await stand.rows("SELECT state FROM chat_replies WHERE tenant_id = $1", tenant.id)
