import pytest

import app.kit.errors as kit_errors
import app.kit.http.idempotency
import app.kit.http.middleware
import app.kit.page  # noqa: F401 - their classes are to be in the tree
from app.kit.errors import CODE_SHAPE, Conflict, TopluError, all_errors, find_error


class DoorShut(Conflict):
    """This door
    is shut.

    It was shut by someone.
    """

    code = "door_shut_in_a_test"
    title = "Door shut"


def test_every_code_belongs_to_one_class_and_is_lower_snake() -> None:
    codes = [error.code for error in all_errors()]

    assert sorted(set(codes)) == sorted(codes)
    assert [] == [code for code in codes if not CODE_SHAPE.match(code)]


def test_every_error_of_its_own_code_has_words_of_its_own() -> None:
    silent = [error for error in all_errors() if "__doc__" not in vars(error) or not error.__doc__]

    assert [] == silent


def test_the_drawing_of_the_tree_shows_every_class_and_code_of_this_file() -> None:
    drawing = kit_errors.__doc__ or ""
    here = [error for error in all_errors() if error.__module__ == kit_errors.__name__]

    missing = [
        error.code for error in here if f"{error.status}  {error.code}" not in drawing or error.__name__ not in drawing
    ]

    assert [] == missing
    assert 16 == len(here)


def test_the_first_paragraph_of_the_docstring_is_the_message() -> None:
    error = DoorShut(current_state="shut")

    assert "This door is shut." == error.detail == str(error)
    assert ("It was shut by someone.",) == error.explanation()
    assert (409, {"current_state": "shut"}) == (error.status, error.members)


def test_a_member_may_not_hide_a_standard_one() -> None:
    with pytest.raises(TypeError, match="status"):
        DoorShut(status=200)


def test_an_error_is_found_by_its_code() -> None:
    assert DoorShut is find_error("door_shut_in_a_test")
    assert TopluError is find_error("internal_error")
    assert None is find_error("no_such_code")
