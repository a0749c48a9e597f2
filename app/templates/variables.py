"""Read the variables out of a template's body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.kit.errors import FieldError
from app.templates.errors import VariablesInvalid

ParameterFormat = Literal["positional", "named"]

_VARIABLE = re.compile(r"(?<!\{)\{\{([1-9][0-9]{0,2}|[a-z][a-z0-9_]{0,63})\}\}(?!\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Variables:
    """The names a recipient has to bring, in the order Meta takes them."""

    parameter_format: ParameterFormat
    names: tuple[str, ...]


def read_variables(body: str) -> Variables:
    """The format and the names: `{{1}}…` by number, `{{names}}` in the order they appear. Raises
    VariablesInvalid.

    A body without variables counts as positional, which is Meta's default (template components, 2025-12).
    """
    names = list(dict.fromkeys(_VARIABLE.findall(body)))
    rest = _VARIABLE.sub("", body)
    if "{{" in rest or "}}" in rest:
        raise _invalid("A variable is not written as {{1}} or {{lower_case_name}}.")
    numbers = sorted(int(name) for name in names if name.isdigit())
    if not numbers and names:
        return Variables("named", tuple(names))
    if len(numbers) != len(names):
        raise _invalid("Numbered and named variables stand in one body.")
    if numbers != list(range(1, len(numbers) + 1)):
        raise _invalid("The numbers have a gap; they run from 1 upwards.")
    return Variables("positional", tuple(str(number) for number in numbers))


def refuse_variables(texts: Mapping[str, str | None]) -> None:
    """Raises VariablesInvalid, with the place, for a variable outside the body: nobody could bring its value."""
    for pointer, said in texts.items():
        if said is not None and ("{{" in said or "}}" in said):
            raise _invalid("A variable may only stand in the body.", pointer)


def _invalid(detail: str, pointer: str = "/body") -> VariablesInvalid:
    return VariablesInvalid(errors=[FieldError(pointer, "variables_invalid", detail)])
