"""What the tests of streams share."""

import json
from typing import Any

import httpx

from tests.house import House, phone

CSV = {"content-type": "text/csv"}
NDJSON = {"content-type": "application/x-ndjson"}
GOOD = b'{"to":"%s","variables":{"first_name":"Can"}}' % phone(1).encode()


def of(first_name: object, *, variables: dict[str, str] | None = None, **more: str) -> bytes:
    """A line for the second person."""
    given = {"to": phone(2), "variables": {"first_name": first_name} | (variables or {})}
    return json.dumps(given | more).encode()


async def stream(house: House, batch: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    return await house.client.post(f"/v1/batches/{batch}/recipients", content=body, headers=headers)


async def nothing_counted(house: House, batch: str) -> None:
    """The batch is an empty draft, and no row of a stream is left."""
    body = await house.get(f"/v1/batches/{batch}")
    assert ("draft", 0, {}) == (body["state"], body["total"], body["counts"])
    assert [] == await house.messages(batch)
