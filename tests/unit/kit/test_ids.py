from typing import Annotated
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from app.kit.ids import PrefixedId, decode, encode, new_id

# valid.json of the TypeID specification, version 0.3.
VALID = [
    ("", "00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
    ("", "00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
    ("", "0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"),
    ("", "0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
    ("", "00000000000000000000000010", "00000000-0000-0000-0000-000000000020"),
    ("", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ("prefix", "prefix_0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
    ("prefix", "prefix_01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("thg", "thg_01h2xcejqtf2nbrexx3vqjhp41", "0188bac7-4afa-78aa-bc3b-bd1eef28d881"),
]
INVALID = [
    "",
    "thg",
    "thg_",
    "thg_01h2xcejqtf2nbrexx3vqjhp4",
    "thg_01h2xcejqtf2nbrexx3vqjhp411",
    "thg_81h2xcejqtf2nbrexx3vqjhp41",
    "thg_01H2XCEJQTF2NBREXX3VQJHP41",
    "thg_01h2xcejqtf2nbrexx3vqjhpu1",
    "thg_01h2xcejqtf2nbrexx3vqjhpl1",
    "oth_01h2xcejqtf2nbrexx3vqjhp41",
    "01h2xcejqtf2nbrexx3vqjhp41",
    "0188bac7-4afa-78aa-bc3b-bd1eef28d881",
    "thg_01h2xcejqtf2nbrexx3vqjhpİ1",
    "thg_01h2xcejqtf2nbrexx3vqjhp41\n",
]


class Thing(BaseModel):
    id: Annotated[UUID, PrefixedId("thg")]


@pytest.mark.parametrize(("prefix", "text", "value"), VALID)
def test_the_vectors_of_the_specification_hold_both_ways(prefix: str, text: str, value: str) -> None:
    assert text == encode(prefix, UUID(value))
    assert UUID(value) == decode(prefix, text)


@pytest.mark.parametrize("text", INVALID)
def test_anything_else_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="Not an id") as caught:
        decode("thg", text)

    assert "Not an id of the kind 'thg'." == str(caught.value)


@given(st.uuids(), st.uuids())
def test_every_id_comes_back_and_the_text_sorts_as_the_uuid(one: UUID, other: UUID) -> None:
    assert one == decode("thg", encode("thg", one))
    assert (one < other) == (encode("thg", one) < encode("thg", other))


def test_new_ids_are_version_7_and_grow() -> None:
    ids = [new_id() for _ in range(1000)]

    assert {7} == {one.version for one in ids}
    assert sorted(set(ids)) == ids
    assert all(isinstance(one, UUID) for one in ids)


def test_a_model_shows_text_and_holds_a_uuid() -> None:
    text = "thg_01h2xcejqtf2nbrexx3vqjhp41"

    thing = Thing.model_validate_json(f'{{"id": "{text}"}}')

    assert UUID("0188bac7-4afa-78aa-bc3b-bd1eef28d881") == thing.id
    assert f'{{"id":"{text}"}}' == thing.model_dump_json()
    assert thing == Thing(id=thing.id)


def test_a_model_refuses_an_id_of_another_kind() -> None:
    with pytest.raises(ValidationError) as caught:
        Thing.model_validate({"id": "oth_01h2xcejqtf2nbrexx3vqjhp41"})

    assert "id_invalid" in {error["type"] for error in caught.value.errors()}


def test_the_schema_has_the_pattern_and_an_example_that_matches_it() -> None:
    schema = Thing.model_json_schema()["properties"]["id"]

    assert "string" == schema["type"]
    assert r"^thg_[0-7][0-9a-hjkmnp-tv-z]{25}$" == schema["pattern"]
    assert UUID("01890a5d-ac96-774b-bcce-b302099a8057") == decode("thg", schema["examples"][0])


@pytest.mark.parametrize("prefix", ["", "Thg", "_thg", "thg_", "t1", "a" * 64])
def test_a_prefix_is_lower_case_letters(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        PrefixedId(prefix)
