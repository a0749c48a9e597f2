"""The operator cannot write to a tenant's recipients: nothing is sent without the tenant's key, no purpose is ours."""

import re
from typing import Any

import pytest
import typer

from app.cli.program import program
from tests.house import House, phone

pytestmark = pytest.mark.anyio

SENDING = {"createBatch", "startBatch", "resumeBatch", "sendMessage"}


@pytest.mark.covers("O13")
async def test_every_door_that_sends_asks_for_a_tenants_key_with_the_scope(api_only: House) -> None:
    document: dict[str, Any] = await api_only.get("/openapi.json")
    operations = [(path, one) for path, item in document["paths"].items() for one in item.values()]
    sending = {one["operationId"]: one for path, one in operations if "batches:send" in one.get("x-scopes", [])}
    reader = await api_only.add_tenant("Okur", scopes=["batches:read", "batches:write"])
    started = api_only.batch_of(phone(1), start=True)

    async with api_only.client_of(reader) as client:
        without_scope = await client.post("/v1/batches", json=started)
    other = await api_only.add_tenant("Öteki")
    async with api_only.client_of(other) as client:
        with_anothers_sender = await client.post("/v1/batches", json=started)
    api_only.client.headers.pop("authorization")
    without_key = await api_only.client.post("/v1/batches", json=started)

    assert SENDING - {"createBatch"} == sending.keys()
    assert (403, "scope_missing") == (without_scope.status_code, without_scope.json()["code"])
    assert (422, "unknown_sender") == (with_anothers_sender.status_code, with_anothers_sender.json()["code"])
    assert (401, "key_missing") == (without_key.status_code, without_key.json()["code"])


@pytest.mark.covers("O13")
def test_no_command_of_the_operator_writes_to_anybody() -> None:
    """`demo` speaks HTTP to a stack of its own, with an invented tenant and a pretend WhatsApp."""
    group = typer.main.get_command(program)
    commands = set(getattr(group, "commands", {}))

    assert "demo" in commands
    assert not {name for name in commands if re.search(r"send|post|batch|message|notify|announce", name)}


@pytest.mark.covers("O13")
async def test_every_purpose_with_which_something_is_sent_is_the_tenants_own(api_only: House) -> None:
    purposes = (await api_only.get("/v1/purposes"))["data"]

    assert {"recipients"} == {one["audience"] for one in purposes if one["sendable"]}
