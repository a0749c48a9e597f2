"""What we say to Meta, byte for byte where it matters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.whatsapp.payloads import (
    ButtonVariable,
    TemplateForm,
    question_message,
    template_message,
    text_message,
    validate_variable,
)
from tests.unit.whatsapp.generated import patiently

TO = "+905321234567"


def template_of(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)["template"]
    return found


def test_a_positional_template_gives_its_values_in_order_and_without_names() -> None:
    form = TemplateForm("sonbahar", "tr", body=("ad", "kod"))

    raw = template_message(form, {"kod": "K7", "ad": "Şule"}, opaque="msg_1", to=TO)

    texts = [{"type": "text", "text": "Şule"}, {"type": "text", "text": "K7"}]
    assert {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": "template",
        "biz_opaque_callback_data": "msg_1",
        "template": {
            "name": "sonbahar",
            "language": {"code": "tr"},
            "components": [{"type": "body", "parameters": texts}],
        },
    } == json.loads(raw)


def test_a_named_template_names_every_value() -> None:
    form = TemplateForm("autumn", "en_US", header=("city",), body=("name",), named=True)

    components = template_of(template_message(form, {"name": "Ana", "city": "Bursa"}, opaque="m", to=TO))["components"]

    assert [
        {"type": "header", "parameters": [{"type": "text", "parameter_name": "city", "text": "Bursa"}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}]},
    ] == components


def test_each_kind_of_button_has_its_own_parameter() -> None:
    buttons = (
        ButtonVariable(0, "quick_reply", "stop"),
        ButtonVariable(1, "url", "path"),
        ButtonVariable(2, "copy_code", "coupon"),
    )
    values = {"stop": "OPTOUT", "path": "r/1", "coupon": "SAVE20"}

    components = template_of(
        template_message(TemplateForm("a", "tr", buttons=buttons, named=True), values, opaque="m", to=TO)
    )["components"]

    assert [
        ("quick_reply", 0, [{"type": "payload", "payload": "OPTOUT"}]),
        ("url", 1, [{"type": "text", "text": "r/1"}]),
        ("copy_code", 2, [{"type": "coupon_code", "coupon_code": "SAVE20"}]),
    ] == [(part["sub_type"], part["index"], part["parameters"]) for part in components]


def test_a_template_without_variables_has_no_components() -> None:
    template = template_of(template_message(TemplateForm("a", "tr"), {}, opaque="m", to=TO))

    assert {"name": "a", "language": {"code": "tr"}} == template


def test_a_user_id_goes_into_recipient_and_a_number_wins_over_it() -> None:
    alone = json.loads(text_message("Merhaba", opaque="m", user_id="TR.13491208655302741918"))
    both = json.loads(text_message("Merhaba", opaque="m", to=TO, user_id="TR.13491208655302741918"))

    assert ("TR.13491208655302741918", False) == (alone["recipient"], "to" in alone)
    assert (TO, False) == (both["to"], "recipient" in both)


def test_a_text_is_text_without_a_preview_unless_asked() -> None:
    text = json.loads(text_message("Aboneliğiniz durduruldu.", opaque="m", to=TO))["text"]

    assert {"body": "Aboneliğiniz durduruldu.", "preview_url": False} == text


def test_a_question_has_its_buttons_in_order_with_what_comes_back() -> None:
    asked = json.loads(question_message("Onaylıyor musunuz?", [("k1", "EVET"), ("k2", "HAYIR")], opaque="m", to=TO))

    assert {
        "type": "button",
        "body": {"text": "Onaylıyor musunuz?"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "k1", "title": "EVET"}},
                {"type": "reply", "reply": {"id": "k2", "title": "HAYIR"}},
            ]
        },
    } == asked["interactive"]


@pytest.mark.parametrize(
    ("text", "buttons"),
    [
        (" ", [("k", "EVET")]),
        ("x" * 1_025, [("k", "EVET")]),
        ("x", []),
        ("x", [(str(n), "EVET") for n in range(4)]),
        ("x", [("k", "E" * 21)]),
        ("x", [("", "EVET")]),
        ("x", [("k" * 257, "EVET")]),
        ("x", [("k", "EVET"), ("k", "HAYIR")]),
    ],
)
def test_a_question_that_whatsapp_would_refuse_is_never_posted(text: str, buttons: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"characters|button"):
        question_message(text, buttons, opaque="m", to=TO)


@pytest.mark.parametrize(
    "to",
    [
        "905321234567",
        "05321234567",
        "+0532",
        "+90 532 123 45 67",
        "+90532123456789012",
        "",
        "+９０５３２１２３４",
    ],
)
def test_a_number_that_is_not_e164_is_never_posted(to: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164") as caught:
        text_message("Merhaba", opaque="m", to=to)

    assert not to or to not in str(caught.value)


@pytest.mark.parametrize("user_id", ["", "13491208655", "tr.123", "TR.", "TR.1 2", "TUR.1", "TR." + "1" * 129])
def test_a_user_id_must_look_like_one(user_id: str) -> None:
    with pytest.raises(ValueError, match="user_id"):
        text_message("Merhaba", opaque="m", user_id=user_id)


@pytest.mark.parametrize("opaque", ["", "x" * 513])
def test_the_callback_data_is_neither_empty_nor_too_long(opaque: str) -> None:
    with pytest.raises(ValueError, match="opaque"):
        text_message("Merhaba", opaque=opaque, to=TO)


def test_nobody_to_write_to_is_an_error() -> None:
    with pytest.raises(ValueError, match="needed"):
        text_message("Merhaba", opaque="m")


def test_a_missing_variable_is_named_and_no_value_is() -> None:
    form = TemplateForm("a", "tr", body=("ad", "kod"))

    with pytest.raises(KeyError) as caught:
        template_message(form, {"ad": "Şule"}, opaque="m", to=TO)

    assert ("kod",) == caught.value.args


def test_a_form_knows_every_variable_it_needs() -> None:
    form = TemplateForm("a", "tr", ("ad",), ("şehir",), (ButtonVariable(0, "url", "yol"),))

    assert {"ad", "şehir", "yol"} == form.variables


@pytest.mark.parametrize("text", ["", " ", "x" * 4_097])
def test_a_text_is_neither_empty_nor_too_long(text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        text_message(text, opaque="m", to=TO)


def test_a_lone_surrogate_is_a_plain_error_without_the_value() -> None:
    with pytest.raises(ValueError, match="surrogate") as caught:
        text_message("gizli \ud83d", opaque="m", to=TO)

    assert "gizli" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Şule", None),
        ("İ" * 1_024, None),
        ("a    b", None),
        ("👩‍👩‍👧", None),
        ("مرحبا", None),
        ("", "variable_empty"),
        ("   ", "variable_empty"),
        ("\u00a0", "variable_empty"),
        ("\n", "variable_empty"),
        ("x" * 1_025, "variable_too_long"),
        ("a\nb", "variable_line_break_or_tab"),
        ("a\r\nb", "variable_line_break_or_tab"),
        ("a\tb", "variable_line_break_or_tab"),
        ("a\u2028b", "variable_line_break_or_tab"),
        ("a     b", "variable_spaces"),
        ("a\x00b", "variable_control_character"),
        ("a\x1bb", "variable_control_character"),
        ("a\ud83d", "variable_control_character"),
    ],
)
def test_a_variable_is_judged_by_metas_rules(value: str, problem: str | None) -> None:
    assert problem == validate_variable(value)


@patiently
@given(value=st.text(st.characters(codec=None), max_size=40))
def test_what_passes_the_check_can_be_posted_unchanged(value: str) -> None:
    if validate_variable(value) is not None:
        return

    raw = template_message(TemplateForm("a", "tr", ("v",)), {"v": value}, opaque="m", to=TO)

    assert value == template_of(raw)["components"][0]["parameters"][0]["text"]
