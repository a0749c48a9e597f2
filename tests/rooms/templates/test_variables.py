import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.templates.errors import VariablesInvalid
from app.templates.variables import read_variables


@pytest.mark.parametrize(
    ("body", "parameter_format", "names"),
    [
        ("Merhaba.", "positional", ()),
        ("Siparişiniz {{1}} yola çıktı.", "positional", ("1",)),
        ("{{2}} sonra {{1}}, yine {{2}}", "positional", ("1", "2")),
        ("Sayın {{ad}}, {{kod_2}} ve {{ad}}", "named", ("ad", "kod_2")),
        (" ".join(f"{{{{{n}}}}}" for n in range(12, 0, -1)), "positional", tuple(map(str, range(1, 13)))),
    ],
)
def test_variables_are_read_in_the_order_meta_takes_them(
    body: str, parameter_format: str, names: tuple[str, ...]
) -> None:
    found = read_variables(body)

    assert (parameter_format, names) == (found.parameter_format, found.names)


@pytest.mark.parametrize(
    "body",
    [
        "{{1}} {{3}}",
        "{{2}}",
        "{{0}}",
        "{{01}}",
        "{{1}} {{ad}}",
        "{{Ad}}",
        "{{ad }}",
        "{{}}",
        "{{ad}",
        "ad}}",
        "{{{1}}",
        "{{şehir}}",
        "{{١}}",
    ],
)
def test_variables_that_cannot_be_read_are_refused(body: str) -> None:
    with pytest.raises(VariablesInvalid) as refused:
        read_variables(body)

    assert "/body" == refused.value.errors[0].pointer


@given(st.text(alphabet="{}1a ", max_size=30))
def test_any_text_is_read_or_refused(body: str) -> None:
    try:
        found = read_variables(body)
    except VariablesInvalid:
        return
    assert all(f"{{{{{name}}}}}" in body for name in found.names)
