"""Every payload we can build fits the contract of what Meta documents."""

from __future__ import annotations

import json

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
from tests.contract import schemas
from tests.unit.whatsapp.generated import patiently

addresses = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True).map(lambda to: {"to": to}),
    st.from_regex(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}", fullmatch=True).map(lambda one: {"user_id": one}),
)
opaques = st.text(st.characters(codec="utf-8"), min_size=1, max_size=512)
values = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(
    lambda value: validate_variable(value) is None
)
variable_names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@st.composite
def forms(draw: st.DrawFn) -> TemplateForm:
    known = draw(st.lists(variable_names, unique=True, max_size=12))
    header = tuple(known[:1]) if draw(st.booleans()) else ()
    body = tuple(known[len(header) :])
    kinds = draw(st.lists(st.sampled_from(["url", "quick_reply", "copy_code"]), max_size=10 if known else 0))
    buttons = tuple(ButtonVariable(index, kind, known[0]) for index, kind in enumerate(kinds))  # type: ignore[arg-type]
    return TemplateForm(
        name=draw(st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True)),
        language=draw(st.sampled_from(["tr", "en", "en_US", "pt_BR", "fil"])),
        header=header,
        body=body,
        buttons=buttons,
        named=draw(st.booleans()),
    )


@patiently
@given(form=forms(), address=addresses, opaque=opaques, data=st.data())
def test_every_template_message_fits_the_contract(
    form: TemplateForm, address: dict[str, str], opaque: str, data: st.DataObject
) -> None:
    variables = {name: data.draw(values) for name in sorted(form.variables)}

    body = json.loads(template_message(form, variables, opaque=opaque, **address))

    assert [] == schemas.problems("request.template", body)


@patiently
@given(text=st.text(st.characters(codec="utf-8"), max_size=300), address=addresses, opaque=opaques)
def test_every_text_message_fits_the_contract(text: str, address: dict[str, str], opaque: str) -> None:
    body = json.loads(text_message(f"x{text}", opaque=opaque, **address))  # type: ignore[arg-type]

    assert [] == schemas.problems("request.text", body)


@patiently
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=300),
    titles=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), min_size=1, max_size=3),
    address=addresses,
    opaque=opaques,
)
def test_every_question_fits_the_contract(text: str, titles: list[str], address: dict[str, str], opaque: str) -> None:
    buttons = [(f"button-{index}", title) for index, title in enumerate(titles)]

    body = json.loads(question_message(f"x{text}", buttons, opaque=opaque, **address))  # type: ignore[arg-type]

    assert [] == schemas.problems("request.interactive", body)


@pytest.mark.parametrize("name", schemas.names())
def test_every_schema_is_valid_and_names_its_source_and_date(name: str) -> None:
    comment = schemas.comment(name)

    assert comment.startswith("Meta, ")
    assert any(f"({year}-" in comment for year in (2025, 2026))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("to", "905321234567"),
        ("to", "+90 532 123 45 67"),
        ("messaging_product", "sms"),
        ("biz_opaque_callback_data", "x" * 513),
        ("type", "text"),
        ("components", []),
        ("template", {"name": "Not A Name", "language": {"code": "tr"}}),
        ("recipient", "TR.1"),
    ],
)
def test_the_contract_refuses_what_meta_would_refuse(field: str, wrong: object) -> None:
    form = TemplateForm("a", "tr", ("v",))
    body = json.loads(template_message(form, {"v": "x"}, opaque="m", to="+905321234567"))

    body[field] = wrong

    assert schemas.problems("request.template", body)
