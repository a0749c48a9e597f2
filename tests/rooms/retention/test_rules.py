"""What may be chosen, and who may destroy."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.kit.ids import decode
from app.runtime import open_runtime
from tests.conftest import TestDatabase
from tests.house import House, phone
from tests.rooms.retention.house import FULL, choose, count, sent

pytestmark = pytest.mark.anyio


RULES = [
    ({"data_class": "message_records", "keep_days": 1094}, "retention_out_of_bounds"),
    ({"data_class": "destruction_log", "keep_days": 1000}, "retention_out_of_bounds"),
    ({"data_class": "message_content", "keep_days": 9999}, "retention_out_of_bounds"),
    ({"data_class": "suppressions", "keep_days": 30}, "unknown_data_class"),
    ({"data_class": "everything", "keep_days": 30}, "unknown_data_class"),
    ({"data_class": "audit_events", "purpose": "campaign_information", "keep_days": 1000}, "unknown_purpose"),
    ({"data_class": "consent_records", "keep_days": 1095}, "evidence_outlived"),
]


@pytest.mark.parametrize(("rule", "code"), RULES)
async def test_what_the_law_does_not_leave_open_cannot_be_chosen(shop: House, rule: dict[str, Any], code: str) -> None:
    before = await shop.get("/v1/retention-rules")

    answer = await choose(shop, rule)

    assert (422, code) == (answer.status_code, answer.json()["code"])
    assert before == await shop.get("/v1/retention-rules")


async def test_a_choice_is_shown_and_can_be_given_back(api_only: House) -> None:
    def content(body: dict[str, Any]) -> set[tuple[int, bool]]:
        return {(one["keep_days"], one["chosen"]) for one in body["data"] if one["data_class"] == "message_content"}

    shorter = await choose(api_only, {"data_class": "message_content", "keep_days": 30})
    back = await choose(api_only, {"data_class": "message_content"})

    assert {(30, True)} == content(shorter.json())
    assert {(90, False)} == content(back.json())
    kinds = {one["data_class"]: one["keep_days"] for one in back.json()["data"] if one["purpose"] is None}
    assert {"suppressions": None, "webhook_raw": 30, "idempotency_memory": 3} == {
        name: kinds[name] for name in ("suppressions", "webhook_raw", "idempotency_memory")
    }


@pytest.mark.parametrize("door", ["api", "worker"])
async def test_neither_role_destroys_anything_by_itself(house: House, door: Any) -> None:
    """Also with the switch on that the database's own functions use."""
    await sent(house, phone(1))
    statements = [
        "UPDATE messages SET variables_ct = NULL",
        "DELETE FROM messages",
        "DELETE FROM delivery_events",
        "DELETE FROM consent_events",
        "DELETE FROM webhook_raw",
        "DELETE FROM audit_events",
        "DELETE FROM destruction_items",
        "SELECT close_destroyed_batches('message_content', '{}')",
    ]
    if door == "api":
        statements.append("SELECT * FROM destroy_expired_v1('message_content', 10, new_id())")
    async with open_runtime(house.settings, door) as run:
        for statement in statements:
            with pytest.raises(DBAPIError, match="permission denied"):
                async with run.db.begin(house.tenant.id) as session:
                    await session.execute(text("SELECT set_config('toplu.destroying', 'on', true)"))
                    await session.execute(text(statement))


async def test_content_of_somebody_who_was_not_erased_is_not_emptied(house: House, database: TestDatabase) -> None:
    batch = await sent(house, phone(1))
    person = decode("per", (await house.messages(batch))[0]["person"])

    async with house.run.db.begin(house.tenant.id) as session:
        emptied = await session.scalar(text("SELECT destroy_erased_content_v1(:person)"), {"person": person})

    assert (0, 1) == (emptied, await count(database, "messages", FULL))
