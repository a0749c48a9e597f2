"""Read the rows of a call one by one, and answer what became of them: by place and field, never by value."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from app.consents import schemas
from app.consents.circumstances import NotCounted
from app.consents.discount import MEANING
from app.consents.errors import RowsInvalid
from app.consents.rows import Fault
from app.consents.rows import Recorded as Outcome
from app.kit.errors import FieldError, Invalid
from app.kit.http.fields import MAX_FIELDS, explain_fields

Shape = TypeVar("Shape", bound=BaseModel)
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one row of the call."""

    index: int
    field: FieldError
    error: type[Invalid]


@dataclass(frozen=True, slots=True)
class Read(Generic[Row]):
    """The rows that could be read, where each stood in the call, and what is wrong with the others."""

    name: str
    rows: list[Row]
    places: list[int]
    wrong: list[Wrong]

    def after(self, outcome: Outcome) -> list[Wrong]:
        """Everything that is wrong, once the verb has judged the rows that could be read, in the order of the call."""
        judged = [_judged(self.name, fault, self.places[fault.index]) for fault in outcome.faults]
        return sorted([*self.wrong, *judged], key=lambda one: one.index)


def read_rows(name: str, given: Sequence[Any], shape: type[Shape], make: Callable[[Shape], Row]) -> Read[Row]:
    """Read each row of the list `name` as a `shape`, and make of it what the verb takes."""
    read: Read[Row] = Read(name, [], [], [])
    for index, raw in enumerate(given):
        try:
            row = shape.model_validate(raw)
        except ValidationError as failure:
            read.wrong.append(_unreadable(name, index, raw, failure))
        else:
            read.rows.append(make(row))
            read.places.append(index)
    return read


def reject(wrong: Sequence[Wrong]) -> None:
    """Raise what is wrong with the rows, if anything is: as the one error all of them share, else RowsInvalid."""
    if not wrong:
        return
    kinds = {one.error for one in wrong}
    error = kinds.pop() if len(kinds) == 1 else RowsInvalid
    shown = [one.field for one in wrong[:MAX_FIELDS]]
    more = len(wrong) - len(shown)
    raise error(errors=shown, more_errors=more) if more else error(errors=shown)


def tell(recorded: int, wrong: Iterable[Wrong]) -> schemas.Recorded:
    """The answer to a call whose bad rows were skipped."""
    errors = [
        schemas.RowError(index=one.index, pointer=one.field.pointer, code=one.field.code, detail=one.field.detail)
        for one in wrong
    ]
    return schemas.Recorded(recorded=recorded, rejected=len(errors), errors=errors)


def tell_consents(read: Read[Any], outcome: Outcome, wrong: Iterable[Wrong]) -> schemas.RecordedConsents:
    """The answer to a call that recorded consents: also which of them do not count, by their place in the call."""
    told = tell(outcome.recorded, wrong)
    not_counted = [
        NotCounted(index=read.places[place], code=why, detail=MEANING[why])
        for place, why in sorted(outcome.discounted.items())
    ]
    return schemas.RecordedConsents(**dict(told), not_counted=not_counted)


def _judged(name: str, fault: Fault, index: int) -> Wrong:
    pointer = f"/{name}/{index}/{fault.field}"
    return Wrong(index, FieldError(pointer, fault.error.code, fault.error.message()), fault.error)


def _unreadable(name: str, index: int, raw: object, failure: ValidationError) -> Wrong:
    """The first thing that is wrong with the shape of a row; of a union's attempts the last, which is the wire's."""
    found = failure.errors(include_url=False, include_input=False)
    explained, _ = explain_fields([{**one, "loc": ("body", *one["loc"])} for one in found], raw)
    field = [one for one in explained if one.pointer == explained[0].pointer][-1]
    return Wrong(index, FieldError(f"/{name}/{index}{field.pointer}", field.code, field.detail), Invalid)
