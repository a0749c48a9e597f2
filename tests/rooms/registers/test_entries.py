"""What all registers have in common: enter, list, see, change, end; nothing is deleted and all of it is audited."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from app.kit.ids import encode
from tests.rooms.desk import Desk, Tenant, key_name
from tests.rooms.registers.entries import CHANGES, NEW, ONE, SHA

pytestmark = pytest.mark.anyio

CHANGING = sorted(CHANGES)


async def entered(tenant: Tenant, register: str, **more: Any) -> dict[str, Any]:
    answer = await tenant.http.post(f"/v1/registers/{register}", json=NEW[register] | more)
    assert 201 == answer.status_code, answer.text
    shown: dict[str, Any] = answer.json()
    assert f"/v1/registers/{register}/{shown['id']}" == answer.headers["location"]
    return shown


@pytest.mark.parametrize("register", sorted(NEW))
async def test_what_is_entered_can_be_seen_and_is_listed(desk: Desk, register: str) -> None:
    tenant = await desk.tenant()

    made = await entered(tenant, register)
    seen = (await tenant.http.get(f"/v1/registers/{register}/{made['id']}")).json()
    listed = (await tenant.http.get(f"/v1/registers/{register}?limit=200")).json()["data"]

    assert made == seen == listed[-1]
    expected = {name: value for name, value in NEW[register].items() if not name.endswith("_at")}
    assert expected == {name: made[name] for name in expected}


@pytest.mark.parametrize("register", CHANGING)
async def test_an_entry_changes_and_ends_and_the_audit_knows_by_whom(desk: Desk, register: str) -> None:
    tenant = await desk.tenant()
    made = await entered(tenant, register)
    path, one = f"/v1/registers/{register}/{made['id']}", ONE[register]

    changed = await tenant.http.patch(path, json=CHANGES[register])
    same = await tenant.http.patch(path, json=CHANGES[register])
    ended = await tenant.http.post(f"{path}/end", json={"reason": "Artık yok."})

    assert (200, 2) == (changed.status_code, changed.json()["version"]), changed.text
    assert changed.json() == same.json()
    assert ("Artık yok.", 3) == (ended.json()["end_reason"], ended.json()["version"])
    assert ended.json() == (await tenant.http.get(path)).json()
    assert [(f"{one}.{act}", key_name(tenant), made["id"]) for act in ("entered", "changed", "ended")] == (
        await desk.audit(tenant.id)
    )[-3:]


@pytest.mark.parametrize("register", CHANGING)
async def test_an_entry_that_ended_stays_as_it_was(desk: Desk, register: str) -> None:
    tenant = await desk.tenant()
    made = await entered(tenant, register)
    path = f"/v1/registers/{register}/{made['id']}"
    await tenant.http.patch(path, json=CHANGES[register])
    ended = (await tenant.http.post(f"{path}/end", json={"reason": "x"})).json()

    again = [await tenant.http.patch(path, json={"note": "y"} if "note" in made else {"title": "y"})]
    again += [await tenant.http.post(f"{path}/end", json={"reason": "y"})]

    assert [(409, "register_entry_ended")] * 2 == [(one.status_code, one.json()["code"]) for one in again]
    assert ended == (await tenant.http.get(path)).json()


@pytest.mark.parametrize("register", sorted(NEW))
async def test_another_tenants_entry_is_not_there(desk: Desk, register: str) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    path = f"/v1/registers/{register}/{(await entered(other, register))['id']}"

    answers = [await tenant.http.get(path)]
    if register in CHANGES:
        answers += [await tenant.http.patch(path, json=CHANGES[register])]
        answers += [await tenant.http.post(f"{path}/end", json={"reason": "x"})]

    assert {404} == {one.status_code for one in answers}
    listed = (await tenant.http.get(f"/v1/registers/{register}?limit=200")).json()["data"]
    assert [] == [one["id"] for one in listed if one["id"] in path]


@pytest.mark.parametrize("register", sorted(NEW))
async def test_entering_twice_under_one_key_enters_once(desk: Desk, register: str) -> None:
    tenant = await desk.tenant()
    headers = {"idempotency-key": str(uuid4())}

    first, second = [
        await tenant.http.post(f"/v1/registers/{register}", json=NEW[register], headers=headers) for _ in range(2)
    ]

    assert first.json() == second.json()
    rows = await desk.rows(tenant.id, f"SELECT id FROM {register}")
    assert 1 == len([row for row in rows if encode(first.json()["id"].split("_")[0], row["id"]) == first.json()["id"]])


@pytest.mark.parametrize("register", sorted(NEW))
async def test_no_role_may_delete_an_entry(desk: Desk, register: str) -> None:
    tenant = await desk.tenant()
    await entered(tenant, register)

    with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
        await desk.rows(tenant.id, f"DELETE FROM {register} RETURNING id")


async def test_the_audit_tells_dates_and_words_of_lists_but_no_free_text(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = await entered(tenant, "transfers", note="a secret remark", document_sha256=SHA)

    await tenant.http.patch(f"/v1/registers/transfers/{made['id']}", json={"signed_on": "2026-11-16", "importer": "B"})

    rows = await desk.rows(tenant.id, "SELECT detail FROM audit_events ORDER BY id DESC LIMIT 1")
    assert {
        "fields": ["importer", "notify_by", "signed_on"],
        "values": {"notify_by": [None, "2026-11-23"], "signed_on": [None, "2026-11-16"]},
    } == rows[0]["detail"]
    everything = await desk.rows(tenant.id, "SELECT string_agg(detail::text, '') AS said FROM audit_events")
    assert "secret remark" not in everything[0]["said"]


@pytest.mark.parametrize(
    ("register", "wrong", "pointer"),
    [
        ("transfers", {"notified_on": "2026-11-02"}, "/notified_on"),
        ("transfers", {"signed_on": "2026-11-03", "notified_on": "2026-11-02"}, "/notified_on"),
        ("transfers", {"signed_on": "2099-01-01"}, "/signed_on"),
        ("transfers", {"purposes": ["campaign_information", "no_such_purpose"]}, "/purposes/1"),
        ("transfers", {"country": "Germany"}, "/country"),
        ("transfers", {"signed_on": 1_700_000_000}, "/signed_on"),
        ("disclosures", {"disclosed_at": "2099-01-01T00:00:00Z"}, "/disclosed_at"),
        ("disclosures", {"people": [encode("per", uuid4()), encode("per", uuid4())]}, "/people_count"),
        ("controls", {"checked_on": "2099-01-01"}, "/checked_on"),
        ("assets", {"rotated_on": "2099-01-01"}, "/rotated_on"),
        ("incidents", {"notified_board_at": "2026-11-01T00:00:00Z"}, "/notified_board_at"),
        ("incidents", {"detected_at": "2099-01-01T00:00:00Z"}, "/detected_at"),
        ("incidents", {"surprise": 1}, "/surprise"),
    ],
)
async def test_what_cannot_be_so_is_refused_with_a_pointer(
    desk: Desk, register: str, wrong: dict[str, Any], pointer: str
) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post(f"/v1/registers/{register}", json=NEW[register] | wrong)

    assert (422, [pointer]) == (answer.status_code, [one["pointer"] for one in answer.json()["errors"]])


async def test_a_change_is_judged_together_with_what_stands_already(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = await entered(tenant, "transfers", signed_on="2026-11-10")

    answer = await tenant.http.patch(f"/v1/registers/transfers/{made['id']}", json={"notified_on": "2026-11-09"})

    assert (422, "before_signing") == (answer.status_code, answer.json()["errors"][0]["code"])


@pytest.mark.covers("O15")
async def test_every_tenant_begins_with_whatsapp_as_sub_processor_and_as_an_undocumented_transfer(desk: Desk) -> None:
    tenant = await desk.tenant()

    (processor,) = (await tenant.http.get("/v1/registers/processors")).json()["data"]
    (transfer,) = (await tenant.http.get("/v1/registers/transfers")).json()["data"]

    assert ("whatsapp", "sub_processor") == (processor["built_in"], processor["role"])
    assert "Meta" in processor["name"]
    assert ("whatsapp", "unknown", "US") == (transfer["built_in"], transfer["safeguard"], transfer["country"])


@pytest.mark.covers("O1", "O2")
async def test_every_tenant_begins_with_a_checklist_of_measures_that_all_have_a_date(desk: Desk) -> None:
    tenant = await desk.tenant()

    controls = (await tenant.http.get("/v1/registers/controls?limit=200")).json()["data"]

    by_state = {one["built_in"]: (one["kind"], one["state"]) for one in controls}
    assert ("technical", "in_place") == by_state["encryption"] == by_state["locked_dependencies"]
    assert ("administrative", "open") == by_state["training"]
    assert [] == [one["built_in"] for one in controls if one["review_on"] is None]


@pytest.mark.covers("O4")
async def test_every_tenant_begins_with_the_assets_and_secrets_of_the_product_and_when_to_change_them(
    desk: Desk,
) -> None:
    tenant = await desk.tenant()

    assets = (await tenant.http.get("/v1/registers/assets")).json()["data"]
    key = next(one for one in assets if one["built_in"] == "api_keys")
    rotated = await tenant.http.patch(
        f"/v1/registers/assets/{key['id']}", json={"rotated_on": "2026-11-20", "review_on": "2027-02-20"}
    )

    assert {"database", "backups", "master_key", "api_keys", "sender_tokens"} <= {one["built_in"] for one in assets}
    assert [] == [one["name"] for one in assets if one["kind"] == "secret" and one["review_on"] is None]
    assert ("2026-11-20", "2027-02-20") == (rotated.json()["rotated_on"], rotated.json()["review_on"])


@pytest.mark.parametrize("register", ["transfers", "processors", "controls", "assets"])
async def test_what_is_built_in_can_change_and_not_end(desk: Desk, register: str) -> None:
    tenant = await desk.tenant()
    built_in = (await tenant.http.get(f"/v1/registers/{register}?limit=1")).json()["data"][0]
    path = f"/v1/registers/{register}/{built_in['id']}"

    ended = await tenant.http.post(f"{path}/end", json={"reason": "x"})
    changed = await tenant.http.patch(path, json={"note": "Gözden geçirildi."})

    assert (409, "register_entry_built_in") == (ended.status_code, ended.json()["code"])
    assert "Gözden geçirildi." == changed.json()["note"]


async def test_seeding_again_changes_nothing(desk: Desk) -> None:
    tenant = await desk.tenant()
    before = await desk.rows(tenant.id, "SELECT * FROM controls ORDER BY id")

    await desk.rows(tenant.id, "SELECT seed_registers(CAST(:mine AS uuid))", mine=tenant.id)

    assert before == await desk.rows(tenant.id, "SELECT * FROM controls ORDER BY id")


async def test_an_incident_does_not_end_while_its_clock_runs(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = f"/v1/registers/incidents/{(await entered(tenant, 'incidents'))['id']}"

    early = await tenant.http.post(f"{path}/end", json={"reason": "Unutalım."})
    await tenant.http.patch(path, json={"personal_data": False})
    ended = await tenant.http.post(f"{path}/end", json={"reason": "Boş bir diskti."})

    assert (409, "incident_unreported") == (early.status_code, early.json()["code"])
    assert 200 == ended.status_code


async def test_telling_the_board_late_needs_the_reason(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = await entered(tenant, "incidents", detected_at="2026-11-02T10:00:00Z")
    path, late = f"/v1/registers/incidents/{made['id']}", {"notified_board_at": "2026-11-05T10:00:01Z"}

    silent = await tenant.http.patch(path, json=late)
    told = await tenant.http.patch(path, json=late | {"delay_reason": "Tatildi."})

    assert "2026-11-05T10:00:00" == made["notify_board_by"][:19]
    assert (422, "/delay_reason") == (silent.status_code, silent.json()["errors"][0]["pointer"])
    assert 200 == told.status_code
