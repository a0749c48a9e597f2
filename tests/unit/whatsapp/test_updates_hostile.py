"""Hostile webhook bodies in, one quiet error out; and nothing invented raises anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.whatsapp.envelope import UnreadableUpdate
from app.whatsapp.parse import parse
from app.whatsapp.updates import StatusUpdate, UnknownUpdate
from tests.unit.whatsapp.bodies import NUMBER, envelope, message, status, value
from tests.unit.whatsapp.generated import json_values, patiently

SECRET = "gizli"
HOSTILE = {
    "nothing": b"",
    "no JSON": b"gizli",
    "cut": envelope(value(statuses=[status()]))[:-3],
    "a list": b'["gizli"]',
    "no entry": b'{"object":"whatsapp_business_account"}',
    "entry of another type": b'{"object":"whatsapp_business_account","entry":"gizli"}',
    "another object": b'{"object":"gizli","entry":[]}',
    "changes of another type": b'{"object":"whatsapp_business_account","entry":[{"changes":["gizli"]}]}',
    "deep lists": b"[" * 100_000,
    "deep values": b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":'
    + b'{"a":' * 100_000,
    "NaN": envelope({"a": "HERE"}).replace(b'"HERE"', b"NaN"),
    "Infinity": envelope({"a": "HERE"}).replace(b'"HERE"', b"-Infinity"),
    "invalid UTF-8": envelope({"a": "gizli"}).replace(b"gizli", b"gizli\xff"),
    "UTF-16": envelope().decode().encode("utf-16"),
    "BOM": b"\xef\xbb\xbf" + envelope(),
    "trailing": envelope() + b"{}",
    "too long": b" " * (4 * 1024 * 1024) + envelope(),
    "a broken escape": envelope({"a": "HERE"}).replace(b"HERE", rb"\ud8"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_unreadable_and_its_content_stays_unsaid(name: str) -> None:
    with pytest.raises(UnreadableUpdate) as caught:
        parse(HOSTILE[name])

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_three_megabytes_of_nonsense_inside_an_envelope_are_ignored() -> None:
    body = envelope({"noise": ["x" * 1_000] * 3_000}, value(statuses=[status()]))

    assert [UnknownUpdate("messages"), StatusUpdate] == [
        one if isinstance(one, UnknownUpdate) else type(one) for one in parse(body)
    ]


def test_the_last_of_two_equal_keys_wins() -> None:
    body = envelope(value(statuses=[status()])).replace(b'"status":', b'"status":"read","status":')

    (found,) = parse(body)

    assert isinstance(found, StatusUpdate)
    assert found.status == "delivered"


@patiently
@given(raw=st.binary(max_size=300))
def test_no_bytes_raise_anything_but_unreadable(raw: bytes) -> None:
    try:
        parse(raw)
    except UnreadableUpdate:
        return

    raise AssertionError("random bytes were taken for an envelope")


@patiently
@given(
    field=st.sampled_from(
        ["messages", "user_preferences", "message_template_status_update", "template_category_update"]
    ),
    body=st.fixed_dictionaries(
        {},
        optional={
            "metadata": st.just({"phone_number_id": NUMBER}) | json_values,
            "contacts": json_values,
            "statuses": st.lists(
                st.fixed_dictionaries({}, optional={**dict.fromkeys(status(), json_values), "errors": json_values})
            )
            | json_values,
            "messages": st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(message(), json_values)))
            | json_values,
            "user_preferences": json_values,
            "message_template_id": json_values,
        },
    )
    | json_values,
)
def test_no_value_inside_an_envelope_raises_and_none_is_lost_silently(field: str, body: Any) -> None:
    found = parse(envelope(body, field=field))

    assert found


@patiently
@given(raw=st.just(envelope(value(statuses=[status()], messages=[message()]))), data=st.data())
def test_one_flipped_byte_is_read_or_unreadable_and_never_worse(raw: bytes, data: st.DataObject) -> None:
    flipped = bytearray(raw)
    flipped[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = parse(bytes(flipped))
    except UnreadableUpdate:
        return

    assert isinstance(found, list)
