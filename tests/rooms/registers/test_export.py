"""The registry of processing, taken out: complete, with a watermark, and written down."""

import csv
import io
from typing import Any

import pytest

from tests.rooms.desk import Desk, key_name
from tests.rooms.registers.entries import NEW

pytestmark = pytest.mark.anyio

PATH = "/v1/registers/export"


async def test_every_purpose_is_in_it_with_what_the_law_asks(desk: Desk) -> None:
    tenant = await desk.tenant()
    await tenant.http.post("/v1/registers/processors", json=NEW["processors"])
    await tenant.http.post("/v1/registers/disclosures", json=NEW["disclosures"] | {"purposes": ["legal_follow_up"]})
    purposes = (await tenant.http.get("/v1/purposes")).json()["data"]

    found: dict[str, Any] = (await tenant.http.get(PATH)).json()

    by_key = {one["key"]: one for one in found["purposes"]}
    assert [one["key"] for one in purposes] == list(by_key)
    assert {one["key"]: one["retention_days"] for one in purposes} == {
        key: one["retention_days"] for key, one in by_key.items()
    }
    assert "marketing" in by_key["campaign_information"]["data_categories"]
    assert "marketing" not in by_key["order_status_notification"]["data_categories"]
    assert ["Meta (WhatsApp Business Platform)", "Barındırma A.Ş.", "court"] == by_key["legal_follow_up"]["recipients"]
    assert "court" not in by_key["campaign_information"]["recipients"]
    assert ["Meta (WhatsApp Business Platform) (US, unknown)"] == by_key["campaign_information"]["transfers"]
    assert "Şifreleme yapılmaktadır." in {one["verbis_label"] for one in found["measures"]}
    assert [{"category": "court", "law": "5271", "article": "332", "purposes": ["legal_follow_up"], "times": 1}] == (
        found["disclosures"]
    )


@pytest.mark.covers("O11")
async def test_an_export_needs_its_scope_and_is_written_down_with_its_watermark(desk: Desk) -> None:
    tenant = await desk.tenant()
    reader = await desk.tenant(scopes=["registers:read", "registers:write"])

    refused = await reader.http.get(PATH)
    first, second = [(await tenant.http.get(PATH)).json() for _ in range(2)]

    assert (403, "scope_missing") == (refused.status_code, refused.json()["code"])
    assert key_name(tenant) == first["exported_by"]
    exports = [("registers.exported", key_name(tenant), one["export_id"]) for one in (first, second)]
    assert exports == (await desk.audit(tenant.id))[-2:]


async def test_as_csv_it_has_a_line_per_purpose_and_no_cell_that_a_spreadsheet_would_run(desk: Desk) -> None:
    tenant = await desk.tenant()
    trap = {"importer": "=HYPERLINK(A1)", "country": "DE"}
    await tenant.http.post("/v1/registers/processors", json=NEW["processors"] | {"name": "+cmd|x"})
    (built_in,) = (await tenant.http.get("/v1/registers/transfers")).json()["data"]
    await tenant.http.patch(f"/v1/registers/transfers/{built_in['id']}", json=trap)

    answer = await tenant.http.get(PATH, params={"format": "csv"})

    text = answer.content.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert "text/csv; charset=utf-8" == answer.headers["content-type"]
    assert text.startswith("\ufeff")
    assert 24 == len(rows)
    assert {rows[0]["export_id"]} == {row["export_id"] for row in rows}
    assert rows[0]["export_id"] in answer.headers["content-disposition"]
    assert "'=HYPERLINK(A1) (DE, unknown)" == rows[0]["transfers"]
    assert [] == [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


async def test_a_tenants_export_holds_nothing_of_another(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    await other.http.post("/v1/registers/processors", json=NEW["processors"] | {"name": "Ötekinin İşleyeni"})

    text = (await tenant.http.get(PATH)).text

    assert "Ötekinin" not in text
