"""Numbers that are E.164 already take a shorter way, and arrive where the phone library would have taken them."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.people.numbers import canonical_phone, parse_phone

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
DIGITS = st.text("0123456789", min_size=3, max_size=14)
# What is dialled before a number inside some country: most of what the library strips begins like this.
BEFORE = st.sampled_from(["", "", "0", "1", "8", "9", "00", "01", "044", "06", "15", "549", "52", "521"])


def numbers() -> st.SearchStrategy[str]:
    """Strict E.164 of every country, also of lengths that it does not have."""
    made = st.tuples(st.sampled_from(CODES), BEFORE, DIGITS).map(lambda parts: f"+{parts[0]}{parts[1]}{parts[2]}"[:16])
    return made | st.integers(1_000_000, 999_999_999_999_999).map(lambda number: f"+{number}")


@settings(max_examples=3_000)
@given(number=numbers().filter(lambda text: not text.startswith("+905")))
def test_a_strict_number_becomes_what_the_library_makes_of_it(number: str) -> None:
    assert parse_phone.__wrapped__(number, "TR") == canonical_phone(number)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_region_has_an_example_of_which_that_is_true(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        strict = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        inside = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
        digits = "".join(character for character in inside if character.isdigit())

        assert parse_phone.__wrapped__(strict, "TR") == canonical_phone(strict)
        for wrong in (strict[:-1], strict + "1", f"+{example.country_code}{digits}"):
            assert parse_phone.__wrapped__(wrong, "TR") == canonical_phone(wrong)


@given(digits=st.text("0123456789", min_size=9, max_size=9))
def test_a_turkish_mobile_number_is_never_changed(digits: str) -> None:
    number = f"+905{digits}"

    assert number == canonical_phone(number)
    assert parse_phone.__wrapped__(number, "TR") in {number, None}


@pytest.mark.parametrize("text", ["+9053212345678", "+90", "+0905321234567", "+12025550101 ext. 5", "+"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert canonical_phone(text) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0532 123 45 67", "+905321234567"),
        ("0090 532 123 45 67", "+905321234567"),
        ("+90 (532) 123-45-67", "+905321234567"),
        ("+44 (0)20 7946 0000", "+442079460000"),
        ("+4402079460000", "+442079460000"),
        ("+٩٠٥٣٢١٢٣٤٥٦٧", "+905321234567"),
        ("+12025550101", "+12025550101"),
        ("+390612345678", "+390612345678"),
    ],
)
def test_other_shapes_are_read_by_the_library(text: str, canonical: str) -> None:
    assert canonical == canonical_phone(text)
