"""An opt-in as the tenant makes it: one act, one purpose, and what it may not be."""

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.flows.chat import (
    WHO,
    admin,
    challenges,
    offer,
    received,
    say,
    settled,
    text_of,
    until_received,
    words_of,
)
from tests.furnish import MARKETING
from tests.house import House

pytestmark = pytest.mark.anyio


async def test_the_question_says_purpose_effect_notice_and_how_to_refuse(house: House) -> None:
    made = await offer(house, notice_url="https://example.com/aydinlatma")

    await say(house, WHO, text=words_of(made))
    (question,) = await until_received(house, WHO, 1)

    assert made["question"] == text_of(question)
    said = (
        "kampanya",
        "6698",
        "Aydınlatma metni (sürüm 1)",
        "https://example.com/aydinlatma",
        "zorunlu değildir",
        "RET",
    )
    assert [] == [part for part in said if part.casefold() not in made["question"].casefold()]


async def test_start_begins_the_opt_in_that_the_tenant_made_for_it(house: House) -> None:
    made = await offer(house, answers_start=True)
    taken = await house.client.post(
        "/v1/opt-ins",
        json={
            "sender": house.tenant.sender,
            "purpose": MARKETING,
            "kind": "commercial_approval",
            "notice_version_id": house.tenant.notice_version,
            "text": "x",
            "language": "tr",
            "answers_start": True,
        },
    )

    await say(house, WHO, text="başla")
    (question,) = await until_received(house, WHO, 1)

    assert (409, "opt_in_start_taken") == (taken.status_code, taken.json()["code"])
    assert made["question"] == text_of(question)


async def test_an_ended_opt_in_asks_nobody(house: House) -> None:
    made = await offer(house)
    await house.client.post(f"/v1/opt-ins/{made['id']}/end")

    await say(house, WHO, text=words_of(made))
    await settled(house)

    assert [] == received(house, WHO)
    assert [] == await challenges(house, made)


async def test_one_opt_in_is_one_act(house: House, database: TestDatabase) -> None:
    made = await offer(house)
    body = {
        "sender": house.tenant.sender,
        "purpose": MARKETING,
        "notice_version_id": house.tenant.notice_version,
        "text": "x",
        "language": "tr",
    }
    kinds = [["explicit_consent", "commercial_approval"], "explicit_consent,commercial_approval", "membership"]

    refused = [(await house.client.post("/v1/opt-ins", json=body | {"kind": kind})).status_code for kind in kinds]
    twice = await house.client.post("/v1/opt-ins", json=body | {"kind": "explicit_consent", "next": made["id"]})

    assert [422] * 3 == refused
    assert "next_opt_in_invalid" == twice.json()["code"]
    with pytest.raises(asyncpg.CheckViolationError):
        await admin(database, "UPDATE opt_in_offers SET record_kind = 'explicit_consent,commercial_approval'")
    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await admin(database, "UPDATE opt_in_challenges SET record_kind = 'commercial_approval'")
    with pytest.raises(asyncpg.CheckViolationError):
        await admin(database, "UPDATE opt_in_challenges SET state = 'given'")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"purpose": "order_status_notification"}, "consent_not_applicable"),
        ({"purpose": "product_matching", "kind": "commercial_approval"}, "approval_not_applicable"),
        ({"purpose": "usage_based_offer"}, "notice_does_not_cover_purpose"),
        ({"purpose": "other"}, "unknown_purpose"),
        ({"notice_version_id": "ntv_00000000000000000000000000"}, "unknown_notice_version"),
        ({"sender": "snd_00000000000000000000000000"}, "opt_in_sender_unknown"),
        ({"words": "Lütfen beni iptal listesinden çıkarın"}, "stop_word_in_words"),
        ({"next": "opt_00000000000000000000000000"}, "next_opt_in_invalid"),
        ({"text": "x" * 600, "notice_url": "https://example.com/" + "x" * 180}, "question_too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_opt_in_that_cannot_be_is_refused(shop: House, wrong: dict[str, object], code: str) -> None:
    body = {
        "sender": shop.tenant.sender,
        "purpose": MARKETING,
        "kind": "explicit_consent",
        "notice_version_id": shop.tenant.notice_version,
        "text": "x",
        "language": "en",
    }

    answer = await shop.client.post("/v1/opt-ins", json=body | wrong)

    assert (422, code) == (answer.status_code, answer.json()["code"])
