"""Webhook bodies in, plain facts out."""

from __future__ import annotations

from typing import Any

import pytest

from app.whatsapp.parse import parse
from app.whatsapp.updates import (
    InboundMessage,
    PreferenceUpdate,
    StatusUpdate,
    TemplateUpdate,
    UnknownUpdate,
)
from tests.unit.whatsapp.bodies import AT, NUMBER, RECEIVED, UNIX, WABA, envelope, message, status, value


def only(raw: bytes) -> Any:
    (found,) = parse(raw, received_at=RECEIVED)
    return found


def test_a_status_carries_everything_that_settles_a_message() -> None:
    item = status(
        recipient_user_id="US.1",
        biz_opaque_callback_data="msg_1",
        pricing={"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
    )

    assert StatusUpdate(
        phone_number_id=NUMBER,
        wamid="wamid.X",
        status="delivered",
        at=AT,
        recipient_id="15550100001",
        recipient_user_id="US.1",
        opaque="msg_1",
        pricing_category="marketing",
        pricing_type="regular",
        waba_id=WABA,
    ) == only(envelope(value(statuses=[item])))


def test_a_failed_status_carries_metas_code_and_title_only() -> None:
    error = {"code": 131049, "title": "healthy ecosystem", "error_data": {"details": "to +15550100001"}}

    found = only(envelope(value(statuses=[status(status="failed", errors=[error, {"code": 1}])])))

    assert ("failed", 131049, "healthy ecosystem") == (found.status, found.code, found.title)


def test_a_status_to_a_user_id_has_no_number() -> None:
    item = {"id": "wamid.X", "status": "read", "timestamp": UNIX, "recipient_user_id": "US.1"}

    found = only(envelope(value(statuses=[item])))

    assert (None, "US.1") == (found.recipient_id, found.recipient_user_id)


def test_a_status_of_the_future_is_passed_on_as_it_is() -> None:
    assert only(envelope(value(statuses=[status(status="celebrated")]))).status == "celebrated"


@pytest.mark.parametrize("given_time", [UNIX, int(UNIX)])
def test_a_time_may_be_a_string_or_a_number(given_time: object) -> None:
    assert only(envelope(value(statuses=[status(timestamp=given_time)]))).at == AT


@pytest.mark.parametrize(
    "absurd", [None, "", "soon", -1, 0, True, 1760000005.5, "1760000005000", 10**12, 10**18, "１７６", [], {}]
)
def test_an_absurd_time_becomes_the_time_of_receipt(absurd: object) -> None:
    found = only(envelope(value(messages=[message(timestamp=absurd)])))

    assert (RECEIVED, "İPTAL") == (found.at, found.text)


def test_a_text_is_read_with_the_number_in_e164() -> None:
    assert InboundMessage(
        phone_number_id=NUMBER,
        waba_id=WABA,
        wamid="wamid.Y",
        from_phone="+905321234567",
        from_user_id="TR.1",
        at=AT,
        kind="text",
        text="İPTAL",
    ) == only(envelope(value(messages=[message()])))


WORDS: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "button": ({"button": {"payload": "OPTOUT", "text": "Durdur"}}, "Durdur", "OPTOUT"),
    "interactive": (
        {"interactive": {"type": "button_reply", "button_reply": {"id": "OPTOUT", "title": "Durdur"}}},
        "Durdur",
        "OPTOUT",
    ),
    "image": ({"image": {"id": "1", "caption": "STOP"}}, "STOP", None),
    "audio": ({"audio": {"id": "1"}}, None, None),
    "system": ({"system": {"type": "user_changed_number", "body": "A person changed"}}, None, None),
    "unsupported": ({"errors": [{"code": 131051}], "unsupported": {"type": "edit"}}, None, None),
    "from_the_future": ({"from_the_future": {"body": "x"}}, None, None),
}


@pytest.mark.parametrize("kind", WORDS)
def test_the_words_of_each_kind_are_found(kind: str) -> None:
    content, text, payload = WORDS[kind]
    item = {**message(type=kind, context={"id": "wamid.T"}, **content)}

    found = only(envelope(value(messages=[item])))

    assert (kind, text, payload, "wamid.T") == (
        found.kind,
        found.text,
        found.button_payload,
        found.context_wamid,
    )


def test_a_person_who_hides_the_number_is_known_by_user_id() -> None:
    item = message()
    del item["from"]

    found = only(envelope(value(messages=[item])))

    assert (None, "TR.1") == (found.from_phone, found.from_user_id)


def test_the_only_contact_says_who_wrote_when_the_message_does_not() -> None:
    item = message(from_user_id=None)
    del item["from"]
    contact = {"profile": {"name": "Şule"}, "wa_id": "905321234567", "user_id": "TR.9"}

    alone = only(envelope(value(messages=[item], contacts=[contact])))
    among_two = only(envelope(value(messages=[item], contacts=[contact, contact])))

    assert ("+905321234567", "TR.9") == (alone.from_phone, alone.from_user_id)
    assert UnknownUpdate("messages") == among_two


@pytest.mark.parametrize("wish", ["stop", "resume", "signup", "something_new"])
def test_a_preference_is_read(wish: str) -> None:
    item = {"wa_id": "905321234567", "user_id": "TR.1", "category": "marketing_messages", "value": wish}

    found = only(envelope(value(user_preferences=[{**item, "timestamp": int(UNIX)}]), field="user_preferences"))

    assert PreferenceUpdate(NUMBER, "905321234567", "TR.1", "marketing_messages", wish, AT, WABA) == found


def test_a_template_update_is_read_and_its_language_written_as_the_api_wants() -> None:
    told = {
        "event": "PAUSED",
        "message_template_id": 700100,
        "message_template_name": "sonbahar",
        "message_template_language": "en-US",
        "message_template_category": "MARKETING",
        "reason": None,
    }

    found = only(envelope(told, field="message_template_status_update", time=int(UNIX)))

    assert (
        TemplateUpdate(
            waba_id=WABA,
            field="message_template_status_update",
            template_id="700100",
            name="sonbahar",
            language="en_US",
            at=AT,
            event="PAUSED",
            category="MARKETING",
        )
        == found
    )


@pytest.mark.parametrize(
    ("field", "seen"),
    [
        ("account_update", "account_update"),
        ("calls", "calls"),
        ("+905321234567", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_an_unknown_field_is_named_only_when_the_name_is_harmless(field: str, seen: str) -> None:
    assert UnknownUpdate(seen) == only(envelope({"a": 1}, field=field))


@pytest.mark.parametrize("odd", [{}, {"statuses": None}, {"statuses": {}}, {"errors": [{"code": 130429}]}])
def test_a_messages_change_without_items_is_unknown(odd: dict[str, Any]) -> None:
    assert UnknownUpdate("messages") == only(envelope(value(**odd)))


@pytest.mark.parametrize("odd", [None, 1, [], "x", {"id": 3}, {"id": "wamid.Z"}, {"status": "read"}])
def test_one_odd_item_spoils_only_itself(odd: object) -> None:
    found = parse(envelope(value(statuses=[status(id="wamid.1"), odd, status(id="wamid.2")])))

    assert [UnknownUpdate("messages")] == [one for one in found if not isinstance(one, StatusUpdate)]
    assert ["wamid.1", "wamid.2"] == [one.wamid for one in found if isinstance(one, StatusUpdate)]


def test_a_number_out_of_range_spoils_only_its_item() -> None:
    raw = envelope(value(statuses=[status(), status(extra="HERE")])).replace(b'"HERE"', b"1e999")

    found = parse(raw)

    assert [StatusUpdate, UnknownUpdate] == [type(one) for one in found]


def test_everything_in_a_big_body_is_read_in_order() -> None:
    ids = [f"wamid.{number}" for number in range(1_000)]
    body = envelope(
        value(statuses=[status(id=one) for one in ids[:600]]),
        value(statuses=[status(id=one) for one in ids[600:]]),
    )

    assert ids == [one.wamid for one in parse(body) if isinstance(one, StatusUpdate)]


def test_metas_escapes_are_read() -> None:
    body = envelope(value(messages=[message(text={"body": "çıkış 😀 a/b"})])).replace(b"/", b"\\/")

    assert only(body).text == "çıkış 😀 a/b"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"\ud83d\ude00", "😀"),
        (rb"\ud83d", "\ufffd"),
        (rb"\uDE00", "\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"a\u0000b", "a\ufffdb"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\\u0000", r"\u0000"),
    ],
)
def test_half_an_emoji_or_a_nul_is_mended_and_nothing_else_is(written: bytes, read: str) -> None:
    body = envelope(value(messages=[message(text={"body": "HERE"})], statuses=[status()]))

    found = parse(body.replace(b"HERE", written))

    assert [StatusUpdate, InboundMessage] == [type(one) for one in found]
    assert read == getattr(found[1], "text")  # noqa: B009  the union has others without it
