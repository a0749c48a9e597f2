"""Paper: destroyed by hand, and signed for."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.house import House, phone

pytestmark = pytest.mark.anyio


@pytest.mark.covers("O19")
async def test_paper_is_destroyed_by_hand_and_signed_for(api_only: House) -> None:
    thing = {"archive": "Merkez arşiv", "box": "K-12", "folder": "2019/3", "page": "44", "reason": "retention"}

    task = (await api_only.client.post("/v1/destruction-tasks", json=thing)).json()
    signed = await api_only.client.post(
        f"/v1/destruction-tasks/{task['id']}/sign", json={"method": "shred", "signed_by": "Arşiv sorumlusu"}
    )
    again = await api_only.client.post(
        f"/v1/destruction-tasks/{task['id']}/sign", json={"method": "burn", "signed_by": "Başkası"}
    )

    assert (None, "K-12", "44") == (task["signed_at"], task["box"], task["page"])
    assert timedelta(days=30) == datetime.fromisoformat(task["due_at"]) - datetime.fromisoformat(task["created_at"])
    assert ("shred", "Arşiv sorumlusu") == (signed.json()["method"], signed.json()["signed_by"])
    assert (409, "destruction_task_signed") == (again.status_code, again.json()["code"])
    (run,) = (await api_only.get("/v1/destruction-runs"))["data"]
    report = await api_only.get(f"/v1/destruction-runs/{run['id']}")
    assert ("physical", [("physical_item", "shred", 1)]) == (
        report["kind"],
        [(one["data_class"], one["method"], one["size"]) for one in report["items"]],
    )
    assert [] == (await api_only.get("/v1/destruction-tasks", only_open="true"))["data"]


@pytest.mark.covers("O19")
async def test_erasing_asks_for_the_paper_that_proves_what_the_person_did(
    api_only: House, database: TestDatabase
) -> None:
    await api_only.consent(phone(1))
    check = {"purpose": "campaign_information", "recipients": [{"to": phone(1)}]}
    person = (await api_only.client.post("/v1/consents/check", json=check)).json()["data"][0]["person_id"]
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("SET search_path = toplu; SET session_replication_role = replica")
        await connection.execute(
            "INSERT INTO evidence_objects (id, tenant_id, kind, sha256, media_type, byte_size, physical_ref)"
            " SELECT new_id(), tenant_id, 'paper_scan', sha256('x'), 'image/png', 1,"
            """ '{"archive": "Merkez", "box": "K-1"}' FROM tenants LIMIT 1"""
        )
        await connection.execute("UPDATE consent_events SET evidence_ids = ARRAY(SELECT id FROM evidence_objects)")
    finally:
        await connection.close()

    erased = (await api_only.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})).json()

    (task,) = (await api_only.get("/v1/destruction-tasks", only_open="true"))["data"]
    assert ([task["id"]], person, "erasure") == (erased["tasks"], task["person"], task["reason"])
    assert ("Merkez", "K-1", None) == (task["archive"], task["box"], task["folder"])
