import json
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate
from pydantic import BaseModel

from app.kit.http import openapi
from app.kit.http.nulls import NullableReference
from tests.unit.kit.http.things import make_app


class Inner(BaseModel):
    x: int


class Outer(BaseModel):
    inner: Inner | None


@pytest.fixture(scope="module")
def document() -> Any:
    return make_app().openapi()


def described(**changes: Any) -> FastAPI:
    known: dict[str, Any] = {
        "title": "T",
        "summary": "s",
        "description": "d",
        "contact": {"name": "n"},
        "license_info": {"name": "l"},
    }
    return FastAPI(**{**known, **changes})


def test_the_document_is_valid_openapi(document: Any) -> None:
    validate(document)


def test_operation_ids_are_camel_case_names_of_functions(document: Any) -> None:
    assert {"listThings", "createThing", "getThing", "closeThing"} < set(openapi.operation_ids(document))


def test_two_operations_of_one_name_stop_the_start() -> None:
    app = described()
    app.get("/a", name="list_things")(lambda: None)
    app.get("/b", name="list_things")(lambda: None)

    with pytest.raises(ValueError, match="listThings"):
        openapi.finish(app)


def test_a_tag_nobody_described_stops_the_start() -> None:
    app = described()
    app.get("/a", tags=["Things"])(lambda: None)

    with pytest.raises(ValueError, match="Things"):
        openapi.finish(app)


def test_missing_information_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"lacks contact, license_info"):
        openapi.finish(described(license_info=None, contact=None))


def test_no_union_with_null_and_no_foreign_error_model_is_left(document: Any) -> None:
    text = json.dumps(document)

    assert "ValidationError" not in text
    assert not [word for word in ('"type": "null"', '"default": null') if word in text]
    assert {"Problem", "ProblemField", "Thing", "ThingPage"} <= document["components"]["schemas"].keys()


def test_nullable_fields_say_so_in_their_type(document: Any) -> None:
    fields = document["components"]["schemas"]["Thing"]["properties"]

    assert {"type": ["string", "null"]} == fields["note"]
    assert {"type": ["string", "integer", "null"]} == fields["size"]
    assert {"type": ["string", "null"], "enum": ["open", "closed", None]} == fields["state"]
    assert {"type": ["string", "null"], "enum": ["plain", None]} == fields["kind"]
    assert {"$ref": "#/components/schemas/Part"} == fields["first"]
    assert "first" not in document["components"]["schemas"]["Thing"]["required"]


def test_optional_parameters_and_fields_are_plainly_optional(document: Any) -> None:
    state, limit = document["paths"]["/v1/things"]["get"]["parameters"]

    assert (False, {"$ref": "#/components/schemas/State"}) == (state["required"], state["schema"])
    assert (False, {"type": "integer"}) == (limit["required"], limit["schema"])
    new = document["components"]["schemas"]["NewThing"]
    assert "date-time" == new["properties"]["at"]["format"]
    assert ["name"] == new["required"]


def test_a_model_or_null_is_refused_with_its_place() -> None:
    app = described()

    @app.get("/outer")
    async def get_outer() -> Outer:
        return Outer(inner=None)

    openapi.finish(app)

    with pytest.raises(NullableReference, match="Outer/properties/inner"):
        app.openapi()


def test_every_operation_answers_with_problems(document: Any) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            bad = {status: answer for status, answer in operation["responses"].items() if status[0] != "2"}
            assert {"4XX", "default"} <= bad.keys()
            assert {("application/problem+json",)} == {tuple(answer["content"]) for answer in bad.values()}


def test_an_operation_names_the_errors_it_declared(document: Any) -> None:
    responses = document["paths"]["/v1/things"]["post"]["responses"]

    assert "`thing_closed`: This thing is closed." == responses["409"]["description"]
    assert {"201", "401", "403", "404", "409", "4XX", "default"} == responses.keys()


def test_a_scope_makes_an_operation_private_and_is_shown(document: Any) -> None:
    private = document["paths"]["/v1/things"]["get"]
    public = document["paths"]["/v1/things/{thing_id}"]["get"]

    assert [{"apiKey": []}] == document["security"]
    assert {"apiKey": {"type": "http", "scheme": "bearer"}} == document["components"]["securitySchemes"]
    assert (["things:read"], False) == (private["x-scopes"], "security" in private)
    assert ([], False) == (public["security"], "x-scopes" in public)


def test_a_streamed_answer_stays_within_openapi_3_1() -> None:
    app = described()

    @app.get("/stream")
    async def stream_things() -> Any:
        yield Inner(x=1)

    app.get("/x", name="get_x")(lambda: None)
    openapi.finish(app)

    validate(app.openapi())
    assert '"itemSchema"' not in json.dumps(app.openapi())
