"""docs/kvkk.md is what the tests say, and they say something of every row."""

import re

import pytest

from tests.kvkk.document import DOCUMENT, ROOT, Incomplete, collect, judge, write
from tests.kvkk.rows import QUESTIONS, ROWS

ALL = [{"test": f"tests/test_{row.id}.py::test_it", "rows": [row.id], "dead": None} for row in ROWS]


@pytest.mark.slow
def test_the_page_is_what_the_markers_say() -> None:
    shown = collect()

    assert write(shown) == DOCUMENT.read_text(encoding="utf-8"), "run `make kvkk`"


def test_every_obligation_purpose_and_principle_is_a_row() -> None:
    ids = [row.id for row in ROWS]

    expected = [f"O{n}" for n in range(1, 24)] + [f"P{n}" for n in range(1, 24)] + [f"A4{letter}" for letter in "abcde"]
    assert expected == ids


def test_every_question_is_answered_by_tests_that_are_there_or_says_what_it_waits_for() -> None:
    named = [test.partition("::") for one in QUESTIONS for test in one.tests]

    missing = [name for path, _, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")]
    assert [] == missing
    assert all(bool(one.tests) != bool(one.open) for one in QUESTIONS)


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        (ALL[1:], "no test covers O1"),
        ([*ALL, {"test": "t", "rows": ["O1", "O2", "O3", "O4"], "dead": None}], "t covers 4 rows; 3 at most"),
        ([*ALL, {"test": "t", "rows": ["O1"], "dead": "skip"}], "t never runs: skip"),
        ([*ALL, {"test": "t", "rows": ["O99"], "dead": None}], "t covers O99, which is no row"),
    ],
)
def test_what_is_missing_or_too_much_is_told(items: list[dict[str, object]], complaint: str) -> None:
    with pytest.raises(Incomplete, match=re.escape(complaint)):
        judge(items)
