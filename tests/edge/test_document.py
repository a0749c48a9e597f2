"""What integrators' tools need of the OpenAPI document, and that the committed file is the one the code gives."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from app.cli.write_openapi import write_openapi
from app.kit.errors import find_error
from app.tenants.api_keys import SCOPES
from tests.edge.conftest import ROOT
from tests.edge.operations import Operation

VERBS = (
    *("create", "list", "get", "update", "start", "pause", "resume", "cancel", "add", "stream"),
    *("record", "check", "withdraw", "assert", "end", "raise", "lift", "revoke", "send", "export", "accept"),
    *("attest", "resolve", "remove", "erase", "reopen", "answer", "refuse", "sign"),
    *("find", "link", "close", "correct", "declare"),
)
PUBLIC = {"getLiveness", "getReadiness", "getStartup", "getMetrics", "checkMessageReceipt"}
# Said twice they do the same once, or they change nothing: they need no key to be repeated safely.
REPEATABLE_AS_THEY_ARE = {
    "pauseBatch",
    "resumeBatch",
    "cancelBatch",
    "resumeHaltedSender",
    "checkConsents",
    "checkMessageReceipt",
    "endOptIn",
    "checkNotice",
    "exportPerson",
    "findPersonByAlias",
}


def walk(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its place."""
    if isinstance(node, dict):
        yield place, node
        for name, inner in node.items():
            yield from walk(inner, f"{place}/{name}")
    elif isinstance(node, list):
        for at, inner in enumerate(node):
            yield from walk(inner, f"{place}/{at}")


def refs_in(node: Any) -> set[str]:
    return {found["$ref"].rsplit("/", 1)[-1] for _, found in walk(node) if isinstance(found.get("$ref"), str)}


def reached_from(names: set[str], schemas: dict[str, Any]) -> set[str]:
    """The components these refer to, directly or not."""
    reached: set[str] = set()
    while names - reached:
        name = (names - reached).pop()
        reached.add(name)
        names = names | refs_in(schemas[name])
    return reached


def test_the_committed_document_is_what_the_code_gives(tmp_path: Path) -> None:
    write_openapi(tmp_path / "openapi.json")

    same = (ROOT / "openapi.json").read_bytes() == (tmp_path / "openapi.json").read_bytes()

    assert same, "openapi.json is not what the code gives: run `make openapi` and commit it."


def test_it_is_valid_openapi_3_1(document: Any) -> None:
    assert "3.1.0" == document["openapi"]
    validate(document)


def test_operation_ids_are_unique_camel_case_and_begin_with_a_verb(operations: list[Operation]) -> None:
    ids = [operation.id for operation in operations]
    verbs = "|".join(VERBS)

    assert len(set(ids)) == len(ids)
    assert [] == [name for name in ids if not re.fullmatch(rf"({verbs})([A-Z][a-z]+)+", name)]


def test_every_operation_has_one_described_tag_a_summary_and_a_description(document: Any, operations: Any) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"]}

    assert [] == [one.id for one in operations if len(one.said["tags"]) != 1 or one.said["tags"][0] not in described]
    assert [] == [one.id for one in operations if not one.said.get("summary") or not one.said.get("description")]
    assert described == {one.said["tags"][0] for one in operations}


def test_what_needs_no_key_is_a_closed_list(document: Any, operations: list[Operation]) -> None:
    public = {one.id for one in operations if one.said.get("security") == []}

    assert PUBLIC == public
    assert [{"apiKey": []}] == document["security"]
    assert "bearer" == document["components"]["securitySchemes"]["apiKey"]["scheme"]
    assert [] == [one.id for one in operations if one.id not in PUBLIC and "security" in one.said]


def test_every_route_under_v1_names_a_scope_that_exists_and_every_scope_opens_something(
    operations: list[Operation],
) -> None:
    versioned = [one for one in operations if one.path.startswith("/v1/") and one.id not in PUBLIC]

    assert len(versioned) == len(operations) - len(PUBLIC)
    assert [] == [one.id for one in versioned if len(one.scopes) != 1 or one.scopes[0] not in SCOPES]
    assert set(SCOPES) == {one.scopes[0] for one in versioned}


def test_a_scope_to_read_changes_nothing_and_one_to_write_is_needed_for_the_rest(operations: list[Operation]) -> None:
    reading = {one.id for one in operations if one.scopes and one.scopes[0].endswith((":read", ":export"))}

    assert (
        reading - {"checkConsents", "exportPerson", "findPersonByAlias"}
        == {one.id for one in operations if one.method == "get"} - PUBLIC
    )


def test_every_error_answer_is_a_problem(operations: list[Operation]) -> None:
    for one in operations:
        wrong = {status: said for status, said in one.said["responses"].items() if status[0] not in "23"}
        if one.id in PUBLIC:
            wrong.pop("503", None)
        assert {"4XX", "default"} <= wrong.keys(), one.id
        assert {"401", "403"} <= wrong.keys() or one.id in PUBLIC, one.id
        for status, said in wrong.items():
            schema = said["content"].get("application/problem+json", {}).get("schema")
            assert {"$ref": "#/components/schemas/Problem"} == schema, (one.id, status)


def test_no_union_with_null_and_nothing_of_the_frameworks_own_is_left(document: Any) -> None:
    unions = [place for place, found in walk(document) if {"anyOf", "oneOf", "allOf"} & found.keys()]

    assert [] == unions
    assert [] == [place for place, found in walk(document) if found.get("type") == "null"]
    assert "ValidationError" not in json.dumps(document)


def test_every_model_is_a_component_with_a_plain_name_and_every_component_is_used(document: Any) -> None:
    schemas = document["components"]["schemas"]
    objects = {place for place, found in walk(document) if found.get("type") == "object" and "properties" in found}

    assert {f"/components/schemas/{name}" for name in schemas} == objects
    assert [] == [name for name in schemas if not re.fullmatch(r"([A-Z][a-z]+)+", name)]
    assert [] == [name for name, said in schemas.items() if not said.get("description")]
    assert set(schemas) == reached_from(refs_in(document["paths"]), schemas)


def test_what_callers_send_takes_no_field_that_is_not_known(document: Any, operations: list[Operation]) -> None:
    schemas = document["components"]["schemas"]
    sent: set[str] = set()
    for one in operations:
        sent |= reached_from(refs_in(one.said.get("requestBody", {})), schemas)

    assert [] == [name for name in sent if schemas[name].get("additionalProperties") is not False]
    assert [] == [name for name in set(schemas) - sent if schemas[name].get("additionalProperties") is False]


def test_what_must_not_be_done_twice_takes_an_idempotency_key(operations: list[Operation]) -> None:
    posts = [one for one in operations if one.method == "post"]

    taking = {one.id for one in posts if "Idempotency-Key" in str(one.said.get("parameters"))}

    assert {one.id for one in posts} - REPEATABLE_AS_THEY_ARE == taking


def test_what_is_created_tells_where_it_is(operations: list[Operation]) -> None:
    created = [one.said["responses"]["201"] for one in operations if "201" in one.said["responses"]]

    assert len(created) >= 6
    assert [] == [said for said in created if "Location" not in said["headers"]]


def test_every_list_is_a_page(document: Any, operations: list[Operation]) -> None:
    for one in operations:
        if one.id.startswith("list"):
            (content,) = one.said["responses"]["200"]["content"].values()
            name = content["schema"]["$ref"].rsplit("/", 1)[-1]
            page = document["components"]["schemas"][name]
            assert name.endswith("Page"), one.id
            assert {"data", "next_cursor", "has_more"} == page["properties"].keys() == set(page["required"])


def test_every_code_an_operation_names_exists_with_that_status(operations: list[Operation]) -> None:
    named = [
        (status, code)
        for one in operations
        for status, said in one.said["responses"].items()
        for code in re.findall(r"^`([a-z_]+)`: ", said["description"], re.MULTILINE)
    ]

    assert len(named) > 40
    assert [] == [(status, code) for status, code in named if str(getattr(find_error(code), "status", "")) != status]
