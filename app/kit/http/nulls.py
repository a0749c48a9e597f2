"""Take `anyOf` with null out of an OpenAPI 3.1 document, without making it say something untrue.

A nullable plain type becomes `type: [T, "null"]`, a parameter loses its null branch (no query sends one).
A nullable reference has no such form, and dropping the null would be a lie about the answer: that is refused.
Generators make wrapper classes of such unions, drop the member, or stop (Kiota, NSwag, swift-openapi do).
"""

from typing import Any

Schema = dict[str, Any]

# The name of a map from names to schemas, not of a keyword.
NAMED = frozenset({"properties", "patternProperties", "$defs", "schemas"})


class NullableReference(ValueError):
    """A field of a model is "a model or null"."""


def drop_nulls(document: Schema) -> None:
    """Rewrite the document in place. Raises NullableReference, with the place, for what has no other form."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        _walk(schema, schemas, f"#/components/schemas/{name}", is_component=True)
    for section in ("paths", "webhooks"):
        for path, item in document.get(section, {}).items():
            for method, operation in item.items():
                place = f"{method.upper()} {path}"
                _without_null(operation.get("parameters", []))
                _walk(operation, schemas, place)


def _without_null(parameters: list[Schema]) -> None:
    for parameter in parameters:
        schema = parameter["schema"]
        branches = [branch for branch in schema.get("anyOf", []) if branch.get("type") != "null"]
        if len(branches) == 1:
            del schema["anyOf"]
            schema.update(branches[0])
        elif branches:
            schema["anyOf"] = branches


def _walk(node: Any, schemas: Schema, place: str, *, is_component: bool = False) -> None:
    if isinstance(node, list):
        for at, item in enumerate(node):
            _walk(item, schemas, f"{place}/{at}")
        return
    if not isinstance(node, dict):
        return
    if "anyOf" in node:
        _rewrite(node, schemas, place)
    if isinstance(node.get("title"), str) and not is_component:
        # Pydantic titles every property with its own name; generators make class names of it.
        del node["title"]
    if node.get("default", ...) is None:
        del node["default"]
    for key, value in node.items():
        if key in NAMED and isinstance(value, dict):
            for name, schema in value.items():
                _walk(schema, schemas, f"{place}/{key}/{name}")
        elif key not in ("example", "examples", "enum", "const", "default"):
            _walk(value, schemas, f"{place}/{key}")


def _rewrite(node: Schema, schemas: Schema, place: str) -> None:
    branches = [branch for branch in node["anyOf"] if branch.get("type") != "null"]
    if len(branches) == len(node["anyOf"]):
        return
    only = _inlined(branches[0], schemas) if len(branches) == 1 else _merged(branches)
    if only is None:
        raise NullableReference(f"{place} is a model or null: write `T | MISSING = MISSING` and leave it out.")
    del node["anyOf"]
    kept = dict(node)
    node.update(only)
    node.update(kept)  # what stands beside the union (a description) is nearer than what stands in it
    node["type"] = [*([only["type"]] if isinstance(only["type"], str) else only["type"]), "null"]
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if "enum" in node:
        node["enum"] = [*node["enum"], None]


def _inlined(branch: Schema, schemas: Schema) -> Schema | None:
    """The branch itself, or the plain type (an enumeration) that it refers to; None for a model."""
    if "$ref" in branch:
        target = schemas[branch["$ref"].rsplit("/", 1)[-1]]
        plain = isinstance(target.get("type"), str) and target["type"] not in ("object", "array")
        return {key: value for key, value in target.items() if key != "title"} if plain else None
    return branch if "type" in branch else None


def _merged(branches: list[Schema]) -> Schema | None:
    """`string or integer` as one schema with two types; None when a branch says more than its type."""
    if all(set(branch) == {"type"} for branch in branches):
        return {"type": [branch["type"] for branch in branches]}
    return None
