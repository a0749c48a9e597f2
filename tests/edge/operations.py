"""Operations of an OpenAPI document, and requests made from nothing but it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    said: dict[str, Any]

    @property
    def id(self) -> str:
        """Its operationId."""
        return str(self.said["operationId"])

    @property
    def scopes(self) -> list[str]:
        """What a key needs for it."""
        return list(self.said.get("x-scopes", []))

    def url(self) -> str:
        """The path with the document's own examples in it."""
        values = {one["name"]: one["schema"] for one in self.said.get("parameters", []) if one["in"] == "path"}
        return re.sub(r"{(\w+)}", lambda found: str(value_of(values[found[1]], {})), self.path)

    def body_schema(self) -> dict[str, Any] | None:
        """The schema of its JSON body, if it takes one."""
        content = self.said.get("requestBody", {}).get("content", {}).get("application/json")
        return content and content["schema"]


def operations_of(document: dict[str, Any]) -> list[Operation]:
    """All of them, in order."""
    return [
        Operation(method, path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def value_of(schema: dict[str, Any], schemas: dict[str, Any], fields: Mapping[str, Any] | None = None) -> Any:
    """A value that fits a schema: `fields` by name where they are given (None leaves one out), else an example."""
    fields = fields or {}
    if "$ref" in schema:
        return value_of(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, fields)
    for said in ("examples", "enum"):
        if said in schema:
            return schema[said][0]
    if "default" in schema and schema["type"] not in ("object", "array"):
        return schema["default"]
    match schema["type"]:
        case "object" if "properties" in schema:
            inner = {name: said for name, said in schema["properties"].items() if fields.get(name, ...) is not None}
            return {name: fields.get(name) or value_of(said, schemas, fields) for name, said in inner.items()}
        case "object":
            inside = schema.get("additionalProperties", True)
            return {"x": value_of({"type": "string"} if inside is True else inside, schemas, fields)}
        case "array":
            return [value_of(schema["items"], schemas, fields)]
        case "string":
            return "2026-11-02T09:15:04Z" if schema.get("format") == "date-time" else "x" * schema.get("minLength", 5)
        case "integer":
            return max(1, schema.get("minimum", 1))
        case other:
            return other == "boolean"


def with_each_text_replaced(body: Any, text: str) -> Iterator[tuple[str, Any]]:
    """Copies of a body, each with one string, or one key of a map, replaced; and where that was."""
    if isinstance(body, str):
        yield "", text
    elif isinstance(body, list):
        for at, inner in enumerate(body):
            for place, changed in with_each_text_replaced(inner, text):
                yield f"/{at}{place}", [*body[:at], changed, *body[at + 1 :]]
    elif isinstance(body, dict):
        for name, inner in body.items():
            for place, changed in with_each_text_replaced(inner, text):
                yield f"/{name}{place}", {**body, name: changed}
            yield f"/{name} as key", {text if key == name else key: value for key, value in body.items()}
