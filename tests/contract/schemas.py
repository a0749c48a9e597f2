"""Our own JSON Schemas of what crosses the wire, opened by name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "schemas"


def names() -> list[str]:
    """Every schema, by file name without `.json`."""
    return sorted(path.name.removesuffix(".json") for path in FOLDER.glob("*.json"))


@cache
def validator(name: str) -> Draft202012Validator:
    """The checked validator of one schema."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def comment(name: str) -> str:
    """Where a schema is from: page and date."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return str(schema["$comment"])


def problems(name: str, instance: Any) -> list[str]:
    """What is wrong with an instance: path and rule of each problem, empty when it fits."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(instance)]


def webhook_name(body: dict[str, Any]) -> str | None:
    """The schema a webhook body should fit, by its first change; None for one we have no schema of."""
    change = body["entry"][0]["changes"][0]
    if change["field"] == "message_template_status_update":
        return "webhook.template_status"
    if change["field"] == "user_preferences":
        return "webhook.user_preferences"
    value = change["value"]
    if "statuses" in value:
        return "webhook.status"
    kind = value.get("messages", [{}])[0].get("type")
    return f"webhook.inbound_{kind}" if kind in ("text", "button") else None


def split(body: dict[str, Any]) -> list[dict[str, Any]]:
    """One body per change, since a single POST may mix kinds."""
    return [
        {**body, "entry": [{**entry, "changes": [change]}]} for entry in body["entry"] for change in entry["changes"]
    ]
