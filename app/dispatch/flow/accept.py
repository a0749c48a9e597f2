"""Recipients in, rows out: canonical identity, keyed hash, variables checked. Pure; touches nothing outside.

The first of the refusals on the level of the row are decided here: `invalid_row`, `invalid_number`,
`variables_mismatch`, `duplicate` within the chunk.
"""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

import msgspec

from app.people.numbers import canonical_phone, canonical_user_id
from app.people.seal import AliasKind, alias_hash
from app.runtime import TenantKeys


class Recipient(msgspec.Struct, gc=False):
    """One row as it was given: a number or a user id, values for the template, the caller's own reference.

    `problem` is set by the reader of the body when the row could not be read at all; the rest is then empty. A struct
    and not a dataclass: a million are made per upload, and one costs 0.2 us instead of 1.
    """

    row_number: int
    to: str | None = None
    user_id: str | None = None
    variables: dict[str, str] = {}
    reference: str | None = None
    basis_ref: str | None = None
    problem: str | None = None
    problem_field: str | None = None
    variables_at: str = "variables/"  # where a variable stands in the row: a column of its own in CSV

    def __repr__(self) -> str:
        return f"Recipient({self.row_number})"


class Row(msgspec.Struct, gc=False):
    """One recipient on its way in. `refusal` None means: still allowed."""

    row_number: int
    recipient: Recipient
    hash: UUID | None = None
    alias: tuple[AliasKind, str] | None = None
    refusal: str | None = None
    field: str | None = None
    kind: str | None = None

    def __repr__(self) -> str:
        return f"Row({self.row_number}, {self.refusal})"

    def refuse(self, refusal: str, field: str | None = None, kind: str | None = None) -> "Row":
        """Not this row: for what, where to look, and what is wrong there. Never the value."""
        self.refusal, self.field, self.kind = refusal, field or None, kind
        return self


ROW_REFUSALS = ("invalid_row", "invalid_number", "variables_mismatch", "duplicate")
INVALID = frozenset({"invalid_row", "invalid_number", "variables_mismatch"})  # what `on_invalid: reject` rejects

VariableCheck = Callable[[str], str | None]


def accept(
    recipients: Iterable[Recipient], keys: TenantKeys, variables: Sequence[str], problem_of: VariableCheck
) -> list[Row]:
    """One row per recipient, in order, with the refusal on row level where there is one.

    `variables` are the names the template needs; `problem_of` says what Meta would object to in a value.
    """
    needed = frozenset(variables)
    seen: set[bytes] = set()  # a UUID's own hash is the dearer one, by 0.2 us
    return [_row(recipient, keys, needed, problem_of, seen) for recipient in recipients]


def _row(
    given: Recipient, keys: TenantKeys, needed: frozenset[str], problem_of: VariableCheck, seen: set[bytes]
) -> Row:
    if given.problem is not None:
        return Row(given.row_number, given).refuse("invalid_row", given.problem_field, given.problem)
    alias = _alias(given)
    if alias is None:
        field = "to" if given.to is not None or given.user_id is None else "user_id"
        return Row(given.row_number, given).refuse("invalid_number", field)
    fingerprint = alias_hash(keys, *alias)
    row = Row(given.row_number, given, fingerprint, alias)
    wrong = _mismatch(given, needed, problem_of)
    if wrong is not None:  # takes no place in the batch: a corrected row may still come
        return row.refuse("variables_mismatch", *wrong)
    place = fingerprint.bytes
    if place in seen:
        return row.refuse("duplicate")
    seen.add(place)
    return row


def _alias(given: Recipient) -> tuple[AliasKind, str] | None:
    """The number where there is one, as Meta itself prefers it; else the user id."""
    if given.to is not None:
        number = canonical_phone(given.to)
        return None if number is None else ("phone", number)
    if given.user_id is not None:
        user_id = canonical_user_id(given.user_id)
        return None if user_id is None else ("bsuid", user_id)
    return None


def _mismatch(given: Recipient, needed: frozenset[str], problem_of: VariableCheck) -> tuple[str, str] | None:
    """Where the first variable stands that does not fit, and what is wrong with it.

    A name that the template does not have is the caller's text, so it is not repeated.
    """
    values = given.variables
    if values.keys() != needed:
        missing = sorted(needed - values.keys())
        return (given.variables_at + missing[0], "variable_missing") if missing else ("variables", "variable_unknown")
    for name, value in values.items():
        problem = problem_of(value)
        if problem is not None:
            return given.variables_at + name, problem
    return None
