"""A tenant sees only its own: by the query, by row-level security under it, and on every route."""

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.ids import encode, new_id
from app.kit.tables import metadata
from app.runtime import open_database
from tests.flows.chat import challenges, offer, say, until, until_counts, words_of
from tests.furnish import MARKETING, Tenant, made
from tests.house import House, phone
from tests.rooms.registers.entries import CHANGES, NEW, ONE
from tests.rooms.terms_of import publish, text_of

pytestmark = pytest.mark.anyio

TENANT_TABLES = sorted(name for name, table in metadata.tables.items() if "tenant_id" in table.c)


# What the database gives every tenant to begin with.
BORN_WITH = {"transfers": 1, "processors": 1, "controls": 18, "assets": 7}


async def count(db: Database, tenant: Any, table: str, role_may_read: bool = True) -> int | None:
    """How many rows of any tenant this role sees; None when it may not read the table at all."""
    try:
        async with db.begin(tenant) as session:
            return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
    except DBAPIError as error:
        assert "permission denied" in str(error.orig)
        return None


@pytest.fixture
async def two(house: House) -> tuple[House, Tenant]:
    """Two tenants; the first has rows in nearly every table."""
    await house.consent(phone(1), phone(2))
    await house.withdraw(phone(2))
    batch = await house.send(phone(1), phone(2), phone(3))
    await house.client.post(
        "/v1/suppressions", json={"people": [{"to": phone(2)}], "scope": "marketing", "channel": "api", "by": "person"}
    )
    for register, entry in NEW.items():
        await made(house.client, f"/v1/registers/{register}", entry)
    proof = {"kind": "paper_scan", "sha256": "ab" * 32, "media_type": "image/png", "size_bytes": 1}
    await house.client.post("/v1/evidence", json=proof)
    await house.client.post("/v1/consent-imports", content=b"{}", headers={"content-type": "application/x-ndjson"})
    await house.until_settled(batch["id"])
    shown = {"to": phone(1), "notice_version_id": house.tenant.notice_version, "channel": "web_form"}
    shown["shown_at"] = utc_now().isoformat()
    await house.client.post("/v1/acknowledgements", json={"acknowledgements": [shown]})
    await publish(house.run.db, text_of(), grace_days=1)
    terms = (await house.get("/v1/terms"))["data"][0]["in_force"]
    accepted = {name: terms[name] for name in ("document", "version", "bundle_sha256")}
    by = {"name": "Deniz Yılmaz", "role": "Genel müdür"}
    await made(house.client, "/v1/terms/acceptances", accepted | {"accepted_by": by})
    other = await house.add_tenant("Öteki Ltd. Şti.")
    while not await count(house.run.db, other.id, "checkpoints"):
        await asyncio.sleep(0.1)  # the worker seals what was just written for it
    await made(house.client, "/v1/stop-codes", {"code": "bahar", "purpose": MARKETING})
    offered = await offer(house)
    await say(house, phone(3), text=words_of(offered))
    await say(house, phone(3), text="bir daha dur demeyeceğim")
    await until(lambda: house.get("/v1/reviews"), lambda body: len(body["data"]) == 1)
    await until_counts(house, offered, asked=1)
    return house, other


@pytest.mark.parametrize("door", ["api", "worker"])
@pytest.mark.covers("O6")
async def test_neither_role_sees_another_tenants_rows(two: tuple[House, Tenant], door: Any) -> None:
    house, other = two
    db = open_database(house.settings, door)

    filled = 0
    for table in TENANT_TABLES:
        own = await count(db, house.tenant.id, table)
        theirs = {
            "tenant_keys": 1,
            "tenants": 1,
            "api_keys": 1,
            "audit_events": 3,
            **BORN_WITH,
            "chain_links": 3,
            "checkpoints": 1,
            "signing_keys": 1,
        }.get(table, 0)
        if own is None:
            continue
        filled += own > 0
        assert theirs == await count(db, other.id, table), table
        assert 0 == await count(db, None, table), table
        assert 0 == await count(db, new_id(), table), table
    await db.close()

    assert filled >= 11


@pytest.mark.parametrize("door", ["api", "worker"])
async def test_neither_role_writes_a_row_for_another_tenant(two: tuple[House, Tenant], door: Any) -> None:
    house, other = two
    db = open_database(house.settings, door)

    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.begin(house.tenant.id) as session:
            statement = text("INSERT INTO people (id, tenant_id) VALUES (:id, :tenant)")
            await session.execute(statement, {"id": new_id(), "tenant": other.id})
    await db.close()


async def test_the_tenant_of_one_transaction_is_forgotten_by_the_next(two: tuple[House, Tenant]) -> None:
    house, _ = two
    single = house.settings.model_copy(update={"api_pool_size": 1})
    db = open_database(single, "api")

    assert await count(db, house.tenant.id, "people")
    assert 0 == await count(db, None, "people")
    await db.close()


BODIES: dict[str, Any] = {
    "updateSender": {"name": "x"},
    "updateTemplate": {"status": "paused"},
    "recordTemplateReview": {"decision": "cleared", "reviewed_by": "x y", "reason": "xyz"},
    "attestOptInChallenge": {"transaction_id": "iys-1", "date": "2026-11-20"},
    "resolveReview": {"decision": "continue"},
    "linkAlias": {"to": phone(1), "reason": "x"},
    "closePersonAlias": {"reason": "recycled"},
    "correctPerson": {"alias": encode("als", new_id()), "to": phone(1), "reason": "x"},
    "declarePersonParty": {"party_type": "natural", "reason": "x"},
    "createNoticeVersion": {
        "title": "x",
        "body": "x",
        "purposes": ["campaign_information"],
        "change_kind": "editorial",
    },
    **{f"update{ONE[register].title()}": change for register, change in CHANGES.items()},
    **{f"end{ONE[register].title()}": {"reason": "x"} for register in CHANGES},
    "createRequest": {"kind": "access", "channel": "email", "identity_check": "signed_in"},
    "answerRequest": {"outcome": "fulfilled"},
    "refuseRequest": {"ground": "unfounded", "answer": "x"},
    "exportPerson": {"reason": "request"},
    "erasePerson": {"reason": "request"},
    "createHold": {"reason": "audit"},
    "signDestructionTask": {"method": "shred", "signed_by": "x"},
}


OF_NOBODY = ("/v1/purposes", "/v1/terms/{document}")  # the same for every tenant


async def test_every_route_answers_404_for_another_tenants_id(two: tuple[House, Tenant]) -> None:
    """Routes come from the OpenAPI document, so a new one is tried the day it appears."""
    house, other = two
    ids = await _ids_of(house)
    document = await house.get("/openapi.json")
    tried = []
    async with house.client_of(other) as client:
        for path, operations in document["paths"].items():
            names = re.findall(r"{(\w+)}", path)
            if not path.startswith("/v1") or not names or path.startswith(OF_NOBODY):
                continue
            for method, operation in operations.items():
                filled = path
                for name in names:
                    filled = filled.replace(f"{{{name}}}", ids[name])
                answer = await client.request(
                    method,
                    filled,
                    json=BODIES.get(operation["operationId"]),
                    content=None,
                    headers={"content-type": "application/x-ndjson"} if "recipients" in path else None,
                )
                tried.append(operation["operationId"])
                assert (404, operation["operationId"]) == (answer.status_code, operation["operationId"]), answer.text

    assert len(tried) >= 18


async def _alias_of(house: House, person: str) -> str:
    return str((await house.get(f"/v1/people/{person}"))["aliases"][0]["id"])


async def _ids_of(house: House) -> dict[str, str]:
    """A real id of the first tenant for every path parameter."""

    async def first(path: str) -> str:
        return str((await house.get(path))["data"][0]["id"])

    async def made(path: str, body: dict[str, Any]) -> str:
        return str((await house.client.post(path, json=body)).json()["id"])

    batch = await first("/v1/batches")
    message = (await house.messages(batch))[0]
    person = message["person"] or encode("per", new_id())
    return {
        "batch_id": batch,
        "message_id": message["id"],
        "sender_id": await first("/v1/senders"),
        "template_id": await first("/v1/templates"),
        "notice_id": await first("/v1/notices"),
        "version": "1",
        **{f"{ONE[register]}_id": await first(f"/v1/registers/{register}") for register in NEW},
        "acceptance_id": await first("/v1/terms/acceptances"),
        "api_key_id": await first("/v1/api-keys"),
        "person_id": person,
        "request_id": await made(f"/v1/people/{person}/requests", BODIES["createRequest"]),
        "hold_id": await made(f"/v1/people/{person}/holds", BODIES["createHold"]),
        "task_id": await made("/v1/destruction-tasks", {"archive": "A", "reason": "retention"}),
        "run_id": await first("/v1/destruction-runs"),
        "evidence_id": await first("/v1/evidence"),
        "import_id": await first("/v1/consent-imports"),
        "opt_in_id": await first("/v1/opt-ins"),
        "challenge_id": str((await challenges(house, (await house.get("/v1/opt-ins"))["data"][0]))[0]["id"]),
        "review_id": await first("/v1/reviews"),
        "stop_code_id": await first("/v1/stop-codes"),
        "checkpoint_id": await first("/v1/audit/checkpoints"),
        "alias_id": await _alias_of(house, message["person"]),
    }
