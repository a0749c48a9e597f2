"""The OpenAPI document as client generators need it; `finish(app)` after the last router was included.

What it does: operation ids are the functions' names in camelCase and unique, or start-up fails; every
operation answers 4XX and the rest with `Problem`; the bearer scheme stands at the root, and operations
without a scope are public; no `anyOf` with null is left; the framework's own validation models are gone. A
dependency with the attribute `toplu_scope` gives its operation `x-scopes`.

How rooms write models, so that nothing is left to repair:

- A field of a request that may be left out is `name: str | MISSING = MISSING` (the one of Pydantic),
  not `str | None = None`. Null is then refused, as the document says. Read it with `is not MISSING`.
- A field of an answer that may be empty is `name: str | None` without a default, for plain types: it is
  always there, as `type: [string, "null"]`. A field with a default is documented as one that can be absent.
- A nullable *model* cannot be said without `anyOf`: write `thing: Thing | MISSING = MISSING` and leave it
  out. Anything else is refused when the document is built.
- A page is a class of its own (`class ThingPage(PageBody[Thing])`), a union is a named type, a discriminator
  has no default, a streamed answer declares its media type by `responses=`.
- `responses=declares(NotFound, Conflict)` names the errors a caller should expect from one operation.
"""

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from app.kit.errors import TopluError
from app.kit.http.nulls import drop_nulls
from app.kit.http.problems import MEDIA_TYPE

Document = dict[str, Any]

SCHEME = "apiKey"
JUNK = ("HTTPValidationError", "ValidationError")
REQUIRED_INFO = ("summary", "description", "contact", "license_info")

PROBLEM: Document = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is stable; `type` leads to its page.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "retryable"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/errors/not_found"]},
        "title": {"type": "string", "examples": ["Not found"]},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "examples": [404]},
        "detail": {"type": "string", "examples": ["There is nothing here by that name."]},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "examples": ["not_found"]},
        "request_id": {"type": ["string", "null"], "examples": ["req_01h455vb4pex5vsknk084sn02q"]},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "action": {"type": "string", "description": "What to do about it."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemField"}},
        "more_errors": {"type": "integer", "description": "How many errors are not listed."},
        "retry_after_s": {"type": "integer", "description": "Seconds, as in the Retry-After header."},
        "current_state": {"type": "string", "description": "The state that did not allow it."},
        "allowed_actions": {"type": "array", "items": {"type": "string"}},
    },
}
PROBLEM_FIELD: Document = {
    "type": "object",
    "description": "What is wrong with one field.",
    "required": ["in", "pointer", "code", "detail"],
    "properties": {
        "in": {"type": "string", "enum": ["body", "query", "path", "header", "cookie"]},
        "pointer": {
            "type": "string",
            "description": "An RFC 6901 JSON pointer.",
            "examples": ["/items/3/name"],
        },
        "code": {"type": "string", "examples": ["missing"]},
        "detail": {"type": "string", "examples": ["Field required"]},
    },
}
LOCATION: Document = {"description": "Where what was made can be read.", "schema": {"type": "string"}}
PROBLEM_CONTENT: Document = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def finish(app: FastAPI) -> None:
    """Check the routes now and build the document on first use.

    Raises ValueError for two operations of one name, a tag that is not described, or missing information
    about the API itself (summary, description, contact, licence are given to `FastAPI(...)`).
    """
    names = _name_operations(app)
    app.servers = app.servers or [{"url": "/", "description": "This server."}]
    _check_information(app, names)

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _polish(FastAPI.openapi(app), names)
        return app.openapi_schema

    # FastAPI documents this assignment as the way to change the document.
    app.openapi = openapi  # type: ignore[method-assign]


def declares(*errors: type[TopluError]) -> dict[int | str, Document]:
    """The `responses=` of a route: one entry per status, with the codes and meanings it may carry."""
    responses: dict[int | str, Document] = {}
    for error in errors:
        line = f"`{error.code}`: {error.message()}"
        entry = responses.setdefault(error.status, _problem(line))
        if line not in entry["description"]:
            entry["description"] += f"\n\n{line}"
    return responses


def camel(name: str) -> str:
    """`list_things` as `listThings`."""
    return re.sub(r"_+([a-z0-9])", lambda found: found[1].upper(), name.strip("_"))


class _Operation:
    """What the routes know of an operation and the document does not."""

    def __init__(self, route: RouteContext) -> None:
        self.id = camel(route.name or "")
        self.tags = [str(tag) for tag in route.tags]
        self.scopes = sorted(set(_scopes(route.dependant)))


_Names = dict[tuple[str, str], _Operation]


def _name_operations(app: FastAPI) -> _Names:
    names: _Names = {}
    taken: set[str] = set()
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute) or not route.include_in_schema:
            continue
        operation = _Operation(route)
        methods = sorted(route.methods or ())
        if operation.id in taken or len(methods) > 1:
            raise ValueError(f"The operation id {operation.id} is not unique: one function, one path, one method.")
        taken.add(operation.id)
        names[str(route.path_format), methods[0].lower()] = operation
    return names


def _check_information(app: FastAPI, names: _Names) -> None:
    missing = [name for name in REQUIRED_INFO if not getattr(app, name)]
    if missing:
        raise ValueError(f"FastAPI(...) lacks {', '.join(missing)}.")
    described = {tag["name"] for tag in app.openapi_tags or [] if tag.get("description")}
    used = {tag for operation in names.values() for tag in operation.tags}
    if used - described:
        raise ValueError(f"Tags without a description: {', '.join(sorted(used - described))}.")


def _scopes(dependant: Any) -> Iterator[str]:
    if scope := getattr(dependant.call, "toplu_scope", None):
        yield scope
    for child in dependant.dependencies:
        yield from _scopes(child)


def _polish(document: Document, names: _Names) -> Document:
    for (path, method), operation in names.items():
        _polish_operation(document["paths"][path][method], operation)
    for name, item in document.get("webhooks", {}).items():
        for operation in item.values():
            operation["operationId"] = camel(re.sub(r"\W+", "_", name))
            _answer_with_problems(operation, public=True)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for junk in JUNK:
        schemas.pop(junk, None)
    schemas.update(copy.deepcopy({"Problem": PROBLEM, "ProblemField": PROBLEM_FIELD}))
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
    document["security"] = [{SCHEME: []}]
    drop_nulls(document)
    return document


def _polish_operation(operation: Document, known: _Operation) -> None:
    operation["operationId"] = known.id
    if known.scopes:
        operation["x-scopes"] = known.scopes
    else:
        # No scope, so nobody is asked who they are; a route that does ask says so in its openapi_extra.
        operation.setdefault("security", [])
    _answer_with_problems(operation, public=not known.scopes)
    for status, response in operation["responses"].items():
        _describe_stream(response.get("content", {}))
        if status == "201":
            response.setdefault("headers", {}).setdefault("Location", copy.deepcopy(LOCATION))


def _answer_with_problems(operation: Document, *, public: bool) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status, response in list(responses.items()):
        if status[0] in "45" and "application/json" in response.get("content", ()):
            response["content"] = copy.deepcopy(PROBLEM_CONTENT)
    if not public:
        responses.setdefault("401", _problem("The API key is missing, unknown, expired or revoked."))
        responses.setdefault("403", _problem("The API key lacks the scope."))
    responses.setdefault("4XX", _problem("The request was not accepted; `code` says why."))
    responses.setdefault("default", _problem("Something went wrong on our side."))


def _describe_stream(contents: Document) -> None:
    # FastAPI writes OpenAPI 3.2's itemSchema into a 3.1 document, which validators and generators refuse.
    for content in contents.values():
        if "itemSchema" in content:
            content["x-item-schema"] = content.pop("itemSchema")
            content["schema"] = {"type": "string"}


def _problem(description: str) -> Document:
    return {"description": description, "content": copy.deepcopy(PROBLEM_CONTENT)}


def operation_ids(document: Document) -> Iterable[str]:
    """Every operation id of a finished document, in order."""
    methods = ("get", "put", "post", "delete", "patch", "head", "options")
    for item in document["paths"].values():
        yield from (item[method]["operationId"] for method in methods if method in item)
