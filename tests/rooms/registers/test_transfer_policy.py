"""Under the policy `block` nothing new is sent before the transfer to WhatsApp is documented."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Servers, TestDatabase
from tests.house import open_house, phone
from tests.rooms.registers.entries import SHA

pytestmark = pytest.mark.anyio

TODAY = "2026-11-02"  # past its five business days on any later day


async def test_an_undocumented_transfer_blocks_every_way_to_send(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    closed: dict[str, Any] = {"worker": False, "sandbox": False, "transfer_policy": "block"}
    async with open_house(database.url, servers.valkey.url, tmp_path, **closed) as house:
        await house.consent(phone(1))
        (whatsapp,) = (await house.get("/v1/registers/transfers"))["data"]
        path = f"/v1/registers/transfers/{whatsapp['id']}"
        message = house.batch_of()
        message = {name: message[name] for name in ("sender", "template", "purpose")}
        message |= {"to": phone(1), "variables": {"first_name": "Ayşe"}}

        async def codes() -> set[str | int]:
            answers = [
                await house.client.post("/v1/batches", json=house.batch_of(phone(1))),
                await house.client.post("/v1/messages", json=message),
            ]
            return {answer.json().get("code", answer.status_code) for answer in answers}

        said = [await codes()]
        for change in (
            {"safeguard": "occasional_exception"},
            {"safeguard": "standard_contract", "signed_on": TODAY},
            {"notified_on": TODAY},
            {"safeguard": "adequacy"},
            {"document_sha256": SHA},
        ):
            changed = await house.client.patch(path, json=change)
            assert changed.is_success, changed.text
            said.append(await codes())

    refused: set[str | int] = {"transfer_undocumented"}
    assert [refused, refused, refused, {202}, refused, {202}] == said


async def test_a_draft_cannot_start_and_a_paused_batch_cannot_go_on(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    closed: dict[str, Any] = {"worker": False, "sandbox": False}
    async with open_house(database.url, servers.valkey.url, tmp_path, **closed) as house:
        await house.consent(phone(1), phone(2))
        draft = (await house.send(phone(1), start=False))["id"]
        running = (await house.send(phone(2)))["id"]
        await house.client.post(f"/v1/batches/{running}/pause")
        key = house.settings.master_key
        assert key is not None
        closed |= {"furnished": False, "transfer_policy": "block", "master_key": key.get_secret_value()}
        async with open_house(database.url, servers.valkey.url, tmp_path, **closed) as strict:
            client = strict.client_of(house.tenant)
            answers = [
                await client.post(f"/v1/batches/{draft}/start"),
                await client.post(f"/v1/batches/{running}/resume"),
            ]
            await client.aclose()

    assert [(422, "transfer_undocumented")] * 2 == [(one.status_code, one.json()["code"]) for one in answers]


async def test_under_the_usual_policy_it_is_a_duty_and_sends_go_on(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    async with open_house(database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False) as house:
        await house.consent(phone(1))

        batch = await house.send(phone(1))
        due = (await house.get("/v1/duties", state="overdue"))["data"]

    assert "running" == batch["state"]
    assert ["transfer_documentation"] == [one["kind"] for one in due]
