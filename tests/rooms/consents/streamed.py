"""Imports sent over HTTP, and what became of their rows."""

import json
from typing import Any

import httpx

from tests.rooms.consents.build import Shop

NDJSON = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv"}


async def send(shop: Shop, *rows: Any, **headers: str) -> httpx.Response:
    """An import of JSON objects, or of lines as they are."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return await shop.http.post("/v1/consent-imports", content=b"\n".join(lines), headers=NDJSON | headers)


async def became(shop: Shop, answer: httpx.Response, **asked: Any) -> list[tuple[Any, ...]]:
    """(row, outcome, reason, detail) of every row."""
    assert 201 == answer.status_code, answer.text
    page = await shop.http.get(f"{answer.headers['location']}/rows", params={"limit": 200, **asked})
    assert 200 == page.status_code, page.text
    return [(one["row"], one["outcome"], one["reason"], one["detail"]) for one in page.json()["data"]]


async def events(shop: Shop) -> list[dict[str, Any]]:
    return await shop.desk.rows(shop.id, "SELECT * FROM consent_events ORDER BY id")
