"""Build the JSON bytes of one message: a template message, or a text or a question inside an open conversation.

Source: Meta, "Messages API", "Template messages" and "Interactive reply buttons" (2026-03, 2026-05, 2026-09);
variable rules: Meta's parameter checks as published for 132012 and 132018, and the length of a body, 1,024.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

MAX_VARIABLE_LENGTH: Final = 1_024  # characters; a whole body may hold no more
MAX_TEXT_LENGTH: Final = 4_096  # characters
MAX_OPAQUE_LENGTH: Final = 512  # characters, echoed in every status webhook
MAX_BUTTONS: Final = 10
MAX_QUESTION_LENGTH: Final = 1_024  # characters of the text above reply buttons
MAX_REPLY_BUTTONS: Final = 3
MAX_REPLY_TITLE_LENGTH: Final = 20  # characters
MAX_REPLY_ID_LENGTH: Final = 256  # characters; comes back when the button is tapped

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)
_LINE_BREAK_OR_TAB: Final = re.compile("[\n\r\t\v\f\x85\u2028\u2029]")
_CONTROL_OR_SURROGATE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

ButtonKind = Literal["url", "quick_reply", "copy_code"]
VariableProblem = Literal[
    "variable_empty",
    "variable_too_long",
    "variable_line_break_or_tab",
    "variable_spaces",
    "variable_control_character",
]


@dataclass(frozen=True, slots=True)
class ButtonVariable:
    """One button that takes a value: `index` counts over all buttons of the template, from 0.

    `url`: the variable fills the end of the address (also the code of a one-time-code template);
    `quick_reply`: it is the payload that comes back when pressed; `copy_code`: it is the coupon.
    """

    index: int
    kind: ButtonKind
    variable: str


@dataclass(frozen=True, slots=True)
class TemplateForm:
    """What of an approved template must be filled, with variable names in the order Meta expects them.

    `named`: the template was made with NAMED parameters, so every parameter carries its name. Otherwise
    the order of `header` and `body` is the whole meaning, and the names are ours alone.
    """

    name: str
    language: str
    body: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    buttons: tuple[ButtonVariable, ...] = ()
    named: bool = False

    @property
    def variables(self) -> frozenset[str]:
        """Every variable name the template needs."""
        return frozenset((*self.header, *self.body, *(button.variable for button in self.buttons)))


class _TextParameter(msgspec.Struct, omit_defaults=True, tag_field="type", tag="text"):
    text: str
    parameter_name: str | None = None


class _PayloadParameter(msgspec.Struct, tag_field="type", tag="payload"):
    payload: str


class _CouponParameter(msgspec.Struct, tag_field="type", tag="coupon_code"):
    coupon_code: str


_Parameter = _TextParameter | _PayloadParameter | _CouponParameter


class _Component(msgspec.Struct, omit_defaults=True):
    type: str
    parameters: Sequence[_Parameter]
    sub_type: str | None = None
    index: int | None = None


class _Language(msgspec.Struct):
    code: str


class _Template(msgspec.Struct, omit_defaults=True):
    name: str
    language: _Language
    components: list[_Component] | None = None


class _Text(msgspec.Struct):
    body: str
    preview_url: bool


class _Reply(msgspec.Struct):
    id: str
    title: str


class _ReplyButton(msgspec.Struct, tag_field="type", tag="reply"):
    reply: _Reply


class _Words(msgspec.Struct):
    text: str


class _Action(msgspec.Struct):
    buttons: list[_ReplyButton]


class _Interactive(msgspec.Struct, tag_field="type", tag="button"):
    body: _Words
    action: _Action


class _Message(msgspec.Struct, omit_defaults=True, kw_only=True):
    type: str
    biz_opaque_callback_data: str
    to: str | None = None
    recipient: str | None = None
    template: _Template | None = None
    text: _Text | None = None
    interactive: _Interactive | None = None
    # Required by the value, not by us: without defaults they are never left out.
    messaging_product: str
    recipient_type: str


_encode: Final = msgspec.json.Encoder().encode


def template_message(
    form: TemplateForm,
    variables: Mapping[str, str],
    *,
    opaque: str,
    to: str | None = None,
    user_id: str | None = None,
) -> bytes:
    """Build a template message to a phone number (`to`, E.164 with +) or a business-scoped user id.

    With both, the number is used, as Meta itself would. `opaque` comes back in every status webhook: our
    message id. Values are expected to have passed `validate_variable`; names beyond the form's are ignored.
    Raises KeyError for a missing variable (its name, never a value) and ValueError for the rest.
    """
    components = _components(form, variables)
    template = _Template(form.name, _Language(form.language), components or None)
    return _bytes_of("template", opaque, to, user_id, template=template)


def text_message(
    text: str, *, opaque: str, to: str | None = None, user_id: str | None = None, preview_url: bool = False
) -> bytes:
    """Build a free text, legal only within 24 hours after the person wrote. Raises ValueError."""
    if not text.strip() or len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"text must have 1 to {MAX_TEXT_LENGTH} characters")
    return _bytes_of("text", opaque, to, user_id, text=_Text(text, preview_url))


def question_message(
    text: str, buttons: Sequence[tuple[str, str]], *, opaque: str, to: str | None = None, user_id: str | None = None
) -> bytes:
    """Build a free text with one to three reply buttons, each an id that comes back and the title that is shown.

    Legal only within 24 hours after the person wrote. Raises ValueError, which quotes nothing of it.
    """
    if not text.strip() or len(text) > MAX_QUESTION_LENGTH:
        raise ValueError(f"text must have 1 to {MAX_QUESTION_LENGTH} characters")
    if not 1 <= len(buttons) <= MAX_REPLY_BUTTONS:
        raise ValueError(f"1 to {MAX_REPLY_BUTTONS} buttons are needed")
    for button_id, title in buttons:
        if not 1 <= len(button_id) <= MAX_REPLY_ID_LENGTH or not 1 <= len(title) <= MAX_REPLY_TITLE_LENGTH:
            raise ValueError("a button's id or title is empty or too long")
    if len({button_id for button_id, _ in buttons}) < len(buttons):
        raise ValueError("two buttons have one id")
    action = _Action([_ReplyButton(_Reply(*button)) for button in buttons])
    return _bytes_of("interactive", opaque, to, user_id, interactive=_Interactive(_Words(text), action))


def validate_variable(value: str) -> VariableProblem | None:
    """Say what is wrong with a value for a template variable; None when Meta will take it.

    Meta refuses empty values, line breaks, tabs, and more than four spaces in a row. We also refuse blanks
    only, control characters (no message needs them) and lone surrogates (they have no UTF-8).
    """
    if not value or value.isspace():
        return "variable_empty"
    if len(value) > MAX_VARIABLE_LENGTH:
        return "variable_too_long"
    if value.isprintable():  # holds none of what is looked for below but spaces; nearly every value is
        return "variable_spaces" if "     " in value else None
    if _LINE_BREAK_OR_TAB.search(value):
        return "variable_line_break_or_tab"
    if "     " in value:
        return "variable_spaces"
    if _CONTROL_OR_SURROGATE.search(value):
        return "variable_control_character"
    return None


def _components(form: TemplateForm, variables: Mapping[str, str]) -> list[_Component]:
    parts: list[_Component] = []
    for kind, names in (("header", form.header), ("body", form.body)):
        if names:
            texts = [_TextParameter(variables[name], name if form.named else None) for name in names]
            parts.append(_Component(kind, texts))
    for button in form.buttons:
        if not 0 <= button.index < MAX_BUTTONS:
            raise ValueError(f"button index must be 0 to {MAX_BUTTONS - 1}")
        parameter = _button_parameter(button.kind, variables[button.variable])
        parts.append(_Component("button", [parameter], button.kind, button.index))
    return parts


def _button_parameter(kind: ButtonKind, value: str) -> _Parameter:
    match kind:
        case "url":
            return _TextParameter(value)
        case "quick_reply":
            return _PayloadParameter(value)
        case "copy_code":
            return _CouponParameter(value)


def _bytes_of(
    kind: str,
    opaque: str,
    to: str | None,
    user_id: str | None,
    *,
    template: _Template | None = None,
    text: _Text | None = None,
    interactive: _Interactive | None = None,
) -> bytes:
    if not opaque or len(opaque) > MAX_OPAQUE_LENGTH:
        raise ValueError(f"opaque must have 1 to {MAX_OPAQUE_LENGTH} characters")
    if to is None and user_id is None:
        raise ValueError("a phone number or a user id is needed")
    # Without the leading + Meta would put the business's own country code in front.
    if to is not None and not _E164.fullmatch(to):
        raise ValueError("to must be E.164 with a leading +")
    if to is None and not _USER_ID.fullmatch(user_id or ""):
        raise ValueError("user_id must be a business-scoped user id")
    try:
        return _encode(
            _Message(
                messaging_product="whatsapp",
                recipient_type="individual",
                to=to,
                recipient=None if to is not None else user_id,
                type=kind,
                biz_opaque_callback_data=opaque,
                template=template,
                text=text,
                interactive=interactive,
            )
        )
    except UnicodeEncodeError:  # its text holds the value itself
        raise ValueError("a value holds a lone surrogate") from None
