"""Whether the parameters of a template send fit the template.

Errors are Meta's: 132000 another count, 132012 another kind or name, 131008 a missing text, 132018 characters
that a variable may not hold, 132005 a text that became too long.
"""

import re
from collections.abc import Iterable

from app.sandbox.failures import GraphError
from app.sandbox.templates import Template

Parameter = dict[str, object]

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# New lines, tabs and runs of more than four spaces inside a variable. Source: Twilio's page on error 63013.
UNTIDY = re.compile(r"[\n\t]| {5,}")
BODY_MOST = 1024
MEDIA = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF", "PRODUCT")
BUTTON_PARAMETER = {"URL": "text", "OTP": "text", "COPY_CODE": "coupon_code"}


def check_parameters(template: Template, components: object) -> None:
    """Raise `GraphError` for the first place whose parameters do not fit; None and [] mean none."""
    given = _sorted_out(components)
    _check_header(template, given.get("header", []))
    _check_body(template, given.get("body", []))
    _check_buttons(template, given)


def _sorted_out(components: object) -> dict[str, list[Parameter]]:
    """Parameters by place: `header`, `body`, `button:0`; carousels and offers are not looked into."""
    if components is None:
        return {}
    if not isinstance(components, list):
        raise GraphError(131009, "template.components must be an array")
    given: dict[str, list[Parameter]] = {}
    for component in components:
        if not isinstance(component, dict) or not isinstance(component.get("type"), str):
            raise GraphError(131008, "template.components[].type is required")
        kind = component["type"].lower()
        if kind not in ("header", "body", "button", "carousel", "limited_time_offer"):
            raise GraphError(132018, f"components of type {kind} take no parameters")
        parameters = component.get("parameters", [])
        if not isinstance(parameters, list) or not all(isinstance(p, dict) for p in parameters):
            raise GraphError(131009, "template.components[].parameters must be an array of objects")
        given[f"button:{_index(component)}" if kind == "button" else kind] = parameters
    return given


def _index(component: Parameter) -> int:
    index = component.get("index")
    if isinstance(index, bool) or not isinstance(index, int | str) or not re.fullmatch("[0-9]", str(index)):
        raise GraphError(131008, "a button component needs its index, 0 to 9")
    return int(index)


def _check_header(template: Template, given: list[Parameter]) -> None:
    header = template.component("HEADER") or {}
    kind = str(header.get("format", "TEXT")).upper()
    if kind in MEDIA:
        _check_count("header", 1, len(given))
        _check_kind("header", given[0], "video" if kind == "GIF" else kind.lower())
    else:
        _check_texts(template, "header", str(header.get("text", "")), given)


def _check_body(template: Template, given: list[Parameter]) -> None:
    text = str((template.component("BODY") or {}).get("text", ""))
    values = _check_texts(template, "body", text, given)
    if len(VARIABLE.sub("", text)) + sum(map(len, values)) > BODY_MOST:
        raise GraphError(132005, "Translated text too long")


def _check_texts(template: Template, where: str, text: str, given: list[Parameter]) -> list[str]:
    expected = list(dict.fromkeys(VARIABLE.findall(text)))
    _check_count(where, len(expected), len(given))
    values = [_text_of(where, parameter) for parameter in given]
    if template.parameter_format == "NAMED":
        if {str(parameter.get("parameter_name")) for parameter in given} != set(expected):
            raise GraphError(132012, f"{where}: parameter names do not match the template's")
    elif any("parameter_name" in parameter for parameter in given):
        raise GraphError(132012, f"{where}: the template takes its parameters by position")
    return values


def _text_of(where: str, parameter: Parameter) -> str:
    kind = parameter.get("type")
    if kind in ("currency", "date_time"):
        value = parameter.get(str(kind))
        text = value.get("fallback_value") if isinstance(value, dict) else None
    else:
        _check_kind(where, parameter, "text")
        text = parameter.get("text")
    if not isinstance(text, str) or not text:
        raise GraphError(131008, f"{where}: a parameter of type text is missing its text value")
    if UNTIDY.search(text):
        raise GraphError(132018, f"{where}: text cannot have new-line/tab characters or more than 4 consecutive spaces")
    return text


def _check_buttons(template: Template, given: dict[str, list[Parameter]]) -> None:
    buttons = (template.component("BUTTONS") or {}).get("buttons", [])
    shown = buttons if isinstance(buttons, list) else []
    for index, button in enumerate(b for b in shown if isinstance(b, dict)):
        kind = str(button.get("type", "")).upper()
        if kind in BUTTON_PARAMETER and (kind != "URL" or VARIABLE.search(str(button.get("url", "")))):
            parameters = given.get(f"button:{index}", [])
            _check_count(f"button {index}", 1, len(parameters))
            _check_kind(f"button {index}", parameters[0], BUTTON_PARAMETER[kind])
    _check_known(len(shown), given)


def _check_known(count: int, places: Iterable[str]) -> None:
    for place in places:
        if place.startswith("button:") and int(place.removeprefix("button:")) >= count:
            raise GraphError(132018, "the template has no button at this index")


def _check_count(where: str, expected: int, given: int) -> None:
    if expected != given:
        raise GraphError(
            132000,
            f"{where}: number of localizable_params ({given}) does not match the expected number of"
            f" params ({expected})",
        )


def _check_kind(where: str, parameter: Parameter, expected: str) -> None:
    if str(parameter.get("type", "")).lower() != expected:
        raise GraphError(132012, f"{where}: format mismatch, expected {expected.upper()}")
