"""A tenant's own rules beside the operator's: tighter, never looser."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from app.purposes.contact import Bounds, both, log_contact_rules_off, operators_bounds
from app.settings import Settings
from tests.rooms.desk import Desk, key_name

pytestmark = pytest.mark.anyio

USUAL = {
    "time_zone": "Europe/Istanbul",
    "quiet_from": "21:00",
    "quiet_until": "09:00",
    "marketing_per_7_days": 2,
    "marketing_per_30_days": 4,
}
NONE: dict[str, Any] = dict.fromkeys(USUAL)


def settings(**more: Any) -> Settings:
    return Settings(database_url=SecretStr("postgresql://x@y/z"), redis_url=SecretStr("redis://x"), **more)


@pytest.mark.covers("A4d")
async def test_marketing_is_bounded_from_the_first_day(desk: Desk) -> None:
    tenant = await desk.tenant()

    rules = (await tenant.http.get("/v1/contact-rules")).json()

    assert (USUAL, NONE, None) == (rules["operator"], rules["own"], rules["updated_at"])


async def test_a_tenant_tightens_and_takes_it_back_and_both_are_on_record(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    own = {"time_zone": "Europe/Berlin", "quiet_from": "20:00", "quiet_until": "10:30", "marketing_per_7_days": 1}

    tightened = await tenant.http.put("/v1/contact-rules", json=own)
    theirs = (await other.http.get("/v1/contact-rules")).json()
    again = await tenant.http.put("/v1/contact-rules", json={})

    assert NONE | own == tightened.json()["own"]
    assert NONE == theirs["own"] == again.json()["own"]
    assert [("contact_rules.changed", key_name(tenant), None)] * 2 == (await desk.audit(tenant.id))[-2:]


@pytest.mark.parametrize(
    ("change", "code", "pointers"),
    [
        ({"quiet_from": "22:00", "quiet_until": "09:00"}, "rules_too_loose", ["/quiet_from"]),
        ({"quiet_from": "21:00", "quiet_until": "08:59"}, "rules_too_loose", ["/quiet_from"]),
        ({"quiet_from": "12:00", "quiet_until": "13:00"}, "rules_too_loose", ["/quiet_from"]),
        ({"marketing_per_7_days": 3}, "rules_too_loose", ["/marketing_per_7_days"]),
        (
            {"marketing_per_7_days": 3, "marketing_per_30_days": 5},
            "rules_too_loose",
            ["/marketing_per_7_days", "/marketing_per_30_days"],
        ),
        (
            {"time_zone": "Pacific/Kiritimati", "quiet_from": "21:01", "quiet_until": "19:59"},
            None,
            None,
        ),
        (
            {"time_zone": "Asia/Istanbul", "quiet_from": "09:00", "quiet_until": "21:00"},
            "rules_never_open",
            ["/quiet_from"],
        ),
        (
            {"time_zone": "Europe/Atlantis", "quiet_from": "09:00", "quiet_until": "21:00"},
            "unknown_time_zone",
            ["/time_zone"],
        ),
        ({"quiet_from": "21:00"}, "validation_failed", [""]),
        ({"time_zone": "Europe/Berlin"}, "validation_failed", [""]),
        ({"quiet_from": "9:00", "quiet_until": "8:00"}, "validation_failed", ["/quiet_from", "/quiet_until"]),
        ({"marketing_per_7_days": 0}, "validation_failed", ["/marketing_per_7_days"]),
    ],
)
async def test_looser_rules_are_refused_with_the_field(
    desk: Desk, change: dict[str, Any], code: str | None, pointers: list[str] | None
) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.put("/v1/contact-rules", json=change)

    problem = answer.json()
    assert (code, pointers) == (problem.get("code"), code and [one["pointer"] for one in problem["errors"]])
    assert (code is None) == ((await tenant.http.get("/v1/contact-rules")).json()["own"] != NONE)


def test_the_smaller_cap_holds_and_a_side_without_one_does_not_count() -> None:
    operator, tenant = Bounds("Europe/Istanbul", None, None, 2, None), Bounds(None, None, None, 5, 3)

    rules = both(operator, tenant)

    assert (2, 3, True, ()) == (rules.per_7_days, rules.per_30_days, rules.capped, rules.quiet)
    assert not both(Bounds("Europe/Istanbul"), Bounds()).capped
    assert rules.closed_until(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_an_operator_who_takes_rules_away_signs_for_it() -> None:
    off = {"quiet_hours": "off", "marketing_per_7_days": "off"}

    with pytest.raises(ValidationError, match="TOPLU_CONTACT_RULES_OFF_ACKNOWLEDGED_BY"):
        settings(**off)
    with pytest.raises(ValidationError, match="different times"):
        settings(quiet_hours="09:00-09:00")
    with pytest.raises(ValidationError, match="TOPLU_QUIET_HOURS_ZONE"):
        settings(quiet_hours_zone="Europe/Atlantis")
    signed = settings(**off, contact_rules_off_acknowledged_by="A. Yılmaz")
    with capture_logs() as logs:
        log_contact_rules_off(signed)
        log_contact_rules_off(settings())

    assert Bounds("Europe/Istanbul", None, None, None, 4) == operators_bounds(signed)
    assert Bounds("Europe/Istanbul", time(21), time(9), 2, 4) == operators_bounds(settings())
    assert [("purposes.contact_rules_off", ["quiet_hours", "marketing_per_7_days"], "A. Yılmaz")] == [
        (line["event"], line["off"], line["acknowledged_by"]) for line in logs
    ]


@pytest.mark.covers("A4d")
async def test_a_purpose_names_the_only_variables_it_needs(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    path = "/v1/purposes/campaign_information/variables"

    named = await tenant.http.put(path, json={"allowed": ["first_name", "city", "city"]})
    theirs = (await other.http.get(path)).json()
    wrong = await tenant.http.put(path, json={"allowed": ["First Name"]})
    nothing = await tenant.http.get("/v1/purposes/other/variables")
    taken = await tenant.http.put(path, json={})

    assert ["city", "first_name"] == named.json()["allowed"]
    assert theirs["allowed"] is None
    assert taken.json()["allowed"] is None
    assert ("/allowed/0", 404) == (wrong.json()["errors"][0]["pointer"], nothing.status_code)
    assert ("purpose_variables.changed", key_name(tenant), "campaign_information") == (await desk.audit(tenant.id))[-1]
