"""The operator's terms: published, announced, put together, accepted."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.terms.errors import NotPublishable, TermsAcceptanceRequired
from app.terms.queries import Incorporation
from app.terms.require_acceptance import require_acceptance
from tests.rooms.desk import Desk, Tenant, key_name
from tests.rooms.terms_of import publish, text_of

pytestmark = pytest.mark.anyio

BY = {"name": "Deniz Yılmaz", "role": "Genel müdür"}
IN_A_MONTH = datetime.now(UTC) + timedelta(days=31)


async def terms(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Every document by its key, as the tenant sees it."""
    answer = await tenant.http.get("/v1/terms")
    assert 200 == answer.status_code, answer.text
    return {one["document"]: one for one in answer.json()["data"]}


async def accept(tenant: Tenant, version: dict[str, Any], **more: Any) -> Any:
    """Accept a version as it was read."""
    body = {name: version[name] for name in ("document", "version", "bundle_sha256")}
    return await tenant.http.post("/v1/terms/acceptances", json=body | {"accepted_by": BY} | more)


async def shift(admin: asyncpg.Connection, days: int) -> None:
    await admin.execute("UPDATE business_clock SET shift = make_interval(days => $1)", days)


async def test_without_terms_there_is_nothing_to_accept(desk: Desk) -> None:
    tenant = await desk.tenant()

    assert {} == await terms(tenant)
    nothing = await accept(tenant, {"document": "service-terms", "version": 1, "bundle_sha256": "0" * 64})
    assert 404 == nothing.status_code


@pytest.mark.covers("O9", "O21")
async def test_an_acceptance_pins_the_document_and_everything_it_incorporates(desk: Desk) -> None:
    tenant = await desk.tenant()
    await publish(desk.run.db, text_of("sms-agreement", "SMS metni.", title="SMS sözleşmesi"))
    await publish(desk.run.db, text_of(sms=True))
    shown = (await terms(tenant))["service-terms"]["in_force"]
    sms, own = (
        hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()
        for title, body in (("SMS sözleşmesi", "SMS metni."), ("Hizmet sözleşmesi", "Birinci madde."))
    )

    made = await accept(tenant, shown)

    assert 201 == made.status_code, made.text
    body = made.json()
    pinned = [
        {"document": "service-terms", "version": 1, "sha256": own, "relation": "itself"},
        {"document": "sms-agreement", "version": 1, "sha256": sms, "relation": "prevails"},
    ]
    lines = f"service-terms 1 {own} itself\nsms-agreement 1 {sms} prevails\n"
    assert pinned == body["documents"] == shown["bundle"]
    assert hashlib.sha256(lines.encode()).hexdigest() == body["bundle_sha256"] == shown["bundle_sha256"]
    assert BY == body["accepted_by"]
    assert body == (await tenant.http.get(made.headers["location"])).json()
    assert {"accepted"} == {one["standing"] for one in (await terms(tenant)).values()}
    assert ("terms.accepted", key_name(tenant), body["id"]) == (await desk.audit(tenant.id))[-1]
    (detail,) = await desk.rows(tenant.id, "SELECT detail FROM audit_events WHERE action = 'terms.accepted'")
    assert f"sms-agreement 1 {sms}" in str(detail["detail"])
    assert "Deniz" not in str(detail["detail"])


@pytest.mark.covers("O21")
async def test_only_the_very_text_that_was_read_can_be_accepted(desk: Desk) -> None:
    tenant = await desk.tenant()
    await publish(desk.run.db, text_of())
    shown = (await terms(tenant))["service-terms"]["in_force"]

    other = await accept(tenant, shown, bundle_sha256="0" * 64)
    only_itself = await accept(tenant, shown, bundle_sha256=shown["sha256"])
    nameless = await accept(tenant, shown, accepted_by={"name": "", "role": "x"})

    assert (409, "terms_differ") == (other.status_code, other.json()["code"])
    assert 409 == only_itself.status_code
    assert 422 == nameless.status_code
    assert [] == (await tenant.http.get("/v1/terms/acceptances")).json()["data"]


@pytest.mark.covers("O9")
async def test_a_new_version_of_what_is_incorporated_has_to_be_accepted_too(
    desk: Desk, admin: asyncpg.Connection
) -> None:
    tenant = await desk.tenant()
    await publish(desk.run.db, text_of("sms-agreement", "SMS metni."))
    await publish(desk.run.db, text_of(sms=True))
    before = (await terms(tenant))["service-terms"]["in_force"]
    await accept(tenant, before)
    await publish(desk.run.db, text_of("sms-agreement", "Yeni SMS metni."), effective_from=IN_A_MONTH, grace_days=7)

    await shift(admin, 32)
    found = await terms(tenant)
    again = await accept(tenant, before)
    accepted = await accept(tenant, found["service-terms"]["in_force"])

    assert ("open", "accepted") == (found["sms-agreement"]["standing"], found["service-terms"]["standing"])
    assert [2] == [part["version"] for part in found["service-terms"]["in_force"]["bundle"][1:]]
    assert (409, "terms_differ") == (again.status_code, again.json()["code"])
    assert 201 == accepted.status_code
    assert "accepted" == (await terms(tenant))["sms-agreement"]["standing"]


@pytest.mark.covers("O22")
async def test_a_change_is_announced_to_every_tenant_thirty_days_before_it_comes_into_force(
    desk: Desk, admin: asyncpg.Connection
) -> None:
    one, two = await desk.tenant(), await desk.tenant()
    first = await publish(desk.run.db, text_of())
    later = text_of(body="Birinci madde.\nİkinci madde.", summary="İkinci madde eklendi.")

    for sooner in (None, datetime.now(UTC), datetime.now(UTC) + timedelta(days=29, hours=23)):
        with pytest.raises(NotPublishable):
            await publish(desk.run.db, later, effective_from=sooner)
    second = await publish(desk.run.db, later, effective_from=IN_A_MONTH, grace_days=14)

    assert (2, 2) == (first.told, second.told)
    for tenant in (one, two):
        told = (await tenant.http.get("/v1/terms/announcements")).json()["data"]
        assert [1, 2] == [line["terms"]["version"] for line in told]
        assert "İkinci madde eklendi." == told[1]["terms"]["summary"]
    document = (await terms(one))["service-terms"]
    assert (1, [2], "overdue") == (
        document["in_force"]["version"],
        [v["version"] for v in document["upcoming"]],
        document["standing"],
    )
    await shift(admin, 31)
    assert 2 == (await terms(one))["service-terms"]["in_force"]["version"]


async def test_the_database_itself_refuses_a_change_that_comes_too_soon(desk: Desk) -> None:
    await publish(desk.run.db, text_of())
    statement = (
        "INSERT INTO terms_versions (id, document, version, language, title, body, sha256, announced_at,"
        " effective_from, acceptance_due_at, published_by)"
        " SELECT new_id(), document, 2, language, title, body, sha256, announced_at,"
        " announced_at + interval '29 days', announced_at + interval '40 days', 'x' FROM terms_versions"
    )

    with pytest.raises(DBAPIError, match="check"):
        async with desk.run.db.begin() as session:
            await session.exec_driver_sql(statement)
    for rewriting in ("UPDATE terms_versions SET body = 'x'", "DELETE FROM terms_acceptances"):
        with pytest.raises(DBAPIError):
            async with desk.run.db.begin() as session:
                await session.exec_driver_sql(rewriting)


@pytest.mark.covers("O22")
async def test_a_version_is_read_with_its_text_its_hash_and_what_changed(desk: Desk) -> None:
    tenant = await desk.tenant()
    await publish(desk.run.db, text_of())
    await publish(desk.run.db, text_of(body="Birinci madde.\nİkinci madde."), effective_from=IN_A_MONTH)

    first = (await tenant.http.get("/v1/terms/service-terms/versions/1")).json()
    second = (await tenant.http.get("/v1/terms/service-terms/versions/2")).json()

    assert "" == first["diff"]
    assert ["+İkinci madde."] == [line for line in second["diff"].splitlines() if line[0] in "+-"]
    for shown in (first, second):
        assert hashlib.sha256(shown["text"].encode()).hexdigest() == shown["sha256"]
    for nowhere in ("service-terms/versions/3", "other/versions/1"):
        assert 404 == (await tenant.http.get(f"/v1/terms/{nowhere}")).status_code


async def test_an_announced_version_may_be_accepted_early_and_a_replaced_one_no_more(
    desk: Desk, admin: asyncpg.Connection
) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    await publish(desk.run.db, text_of())
    await publish(desk.run.db, text_of(body="Yeni."), effective_from=IN_A_MONTH)
    document = (await terms(tenant))["service-terms"]

    early = await accept(tenant, document["upcoming"][0])
    await shift(admin, 32)
    late = await accept(other, document["in_force"])

    assert 201 == early.status_code
    assert "accepted" == (await terms(tenant))["service-terms"]["standing"]
    assert (409, "terms_superseded") == (late.status_code, late.json()["code"])


async def test_what_cannot_be_put_together_is_not_published(desk: Desk) -> None:
    itself = text_of(incorporates=[Incorporation("service-terms", prevails=False)])
    with pytest.raises(NotPublishable, match="not in force"):
        await publish(desk.run.db, text_of(sms=True))
    with pytest.raises(NotPublishable, match="incorporate itself"):
        await publish(desk.run.db, itself)
    await publish(desk.run.db, text_of("sms-agreement"))
    await publish(desk.run.db, text_of(sms=True))
    circle = text_of("sms-agreement", incorporates=[Incorporation("service-terms", prevails=False)])

    with pytest.raises(NotPublishable, match="incorporate itself"):
        await publish(desk.run.db, circle, effective_from=IN_A_MONTH)


async def test_a_version_that_was_replaced_still_shows_what_it_incorporated(
    desk: Desk, admin: asyncpg.Connection
) -> None:
    tenant = await desk.tenant()
    await publish(desk.run.db, text_of("sms-agreement"))
    await publish(desk.run.db, text_of(sms=True))
    await publish(desk.run.db, text_of(body="Artık tek başına."), effective_from=IN_A_MONTH)
    later = datetime.now(UTC) + timedelta(days=40)
    circle = text_of("sms-agreement", incorporates=[Incorporation("service-terms", prevails=False)])
    await publish(desk.run.db, circle, effective_from=later)

    await shift(admin, 41)
    first = (await tenant.http.get("/v1/terms/service-terms/versions/1")).json()

    assert [("service-terms", 1), ("sms-agreement", 1)] == [(p["document"], p["version"]) for p in first["bundle"]]
    current = (await terms(tenant))["sms-agreement"]["in_force"]
    assert [("sms-agreement", 2), ("service-terms", 2)] == [(p["document"], p["version"]) for p in current["bundle"]]


async def test_an_acceptance_is_the_tenants_own_and_names_nobody_in_clear(
    desk: Desk, admin: asyncpg.Connection
) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    await publish(desk.run.db, text_of())
    made = await accept(tenant, (await terms(tenant))["service-terms"]["in_force"])

    elsewhere = await other.http.get(made.headers["location"])

    assert 404 == elsewhere.status_code
    assert [] == (await other.http.get("/v1/terms/acceptances")).json()["data"]
    assert 1 == len((await tenant.http.get("/v1/terms/acceptances")).json()["data"])
    assert "overdue" == (await terms(other))["service-terms"]["standing"]
    stored = await admin.fetchval("SELECT accepted_by_ct FROM terms_acceptances")
    assert "Yılmaz".encode() not in stored


async def test_a_repeated_acceptance_is_made_once(desk: Desk) -> None:
    tenant = await desk.tenant()
    await publish(desk.run.db, text_of())
    shown = (await terms(tenant))["service-terms"]["in_force"]
    body = {name: shown[name] for name in ("document", "version", "bundle_sha256")} | {"accepted_by": BY}

    first, second = [
        await tenant.http.post("/v1/terms/acceptances", json=body, headers={"idempotency-key": "once"})
        for _ in range(2)
    ]

    assert first.content == second.content
    assert 1 == len((await tenant.http.get("/v1/terms/acceptances")).json()["data"])


@pytest.mark.covers("O20", "O22")
async def test_who_accepted_the_version_before_may_send_until_the_grace_of_the_new_one_is_over(
    desk: Desk, admin: asyncpg.Connection
) -> None:
    tenant = await desk.tenant()

    async def refused() -> list[str]:
        try:
            async with desk.run.db.begin(tenant.id) as session:
                await require_acceptance(session, tenant.id)
        except TermsAcceptanceRequired as error:
            documents = error.members["documents"]
            assert isinstance(documents, list)
            return documents
        return []

    await publish(desk.run.db, text_of())
    newcomer = await refused()
    await accept(tenant, (await terms(tenant))["service-terms"]["in_force"])
    await publish(desk.run.db, text_of(body="Yeni."), effective_from=IN_A_MONTH, grace_days=7)
    found = []
    for days in (0, 33, 40):
        await shift(admin, days)
        found.append((await refused(), (await terms(tenant))["service-terms"]["standing"]))

    assert ["service-terms"] == newcomer
    assert [([], "accepted"), ([], "open"), (["service-terms"], "overdue")] == found
