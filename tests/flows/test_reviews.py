"""A sentence that may mean STOP holds marketing until a human has read it; a code behind DUR stops one purpose."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from app.consents.restrict import restrict
from app.kit.ids import decode
from app.people.still import hold_alone
from tests.flows.chat import acts, offer, received, say, settled, text_of, until, until_received, verdict, words_of
from tests.furnish import MARKETING
from tests.house import House, phone

pytestmark = pytest.mark.anyio

WHO = phone(81)
SENTENCE = "Siparişimi iptal eder misiniz, çok bekledim"


async def open_reviews(house: House, many: int) -> list[dict[str, Any]]:
    page = await until(lambda: house.get("/v1/reviews", state="open"), lambda body: len(body["data"]) == many)
    found: list[dict[str, Any]] = page["data"]
    return found


async def resolve(house: House, review: dict[str, Any], decision: str) -> dict[str, Any]:
    answer = await house.client.post(f"/v1/reviews/{review['id']}/resolve", json={"decision": decision})
    body: dict[str, Any] = answer.json()
    return {"status": answer.status_code, **{key: body.get(key) for key in ("decision", "code")}}


async def test_a_sentence_is_held_and_goes_on_when_a_human_says_it_was_no_stop(house: House) -> None:
    await house.consent(WHO)

    await say(house, WHO, text=SENTENCE)
    (review,) = await open_reviews(house, 1)
    held = await verdict(house, WHO)
    decided = await resolve(house, review, "continue")
    again = await resolve(house, review, "stop")

    assert ("stop_word_inside", SENTENCE) == (review["reason"], review["words"])
    assert (False, "suppressed") == held
    assert {"status": 200, "decision": "continue", "code": None} == decided
    assert (409, "review_decided") == (again["status"], again["code"])
    assert (True, None) == await verdict(house, WHO)
    assert [] == received(house, WHO)


async def test_a_sentence_that_was_a_stop_becomes_the_persons_own_and_is_confirmed(house: House) -> None:
    await house.consent(WHO)
    await say(house, WHO, text="yeter, dur artık")
    (review,) = await open_reviews(house, 1)

    await resolve(house, review, "stop")
    (confirmation,) = await until_received(house, WHO, 1)
    suppressions = (await house.get("/v1/suppressions"))["data"]

    assert {("marketing", "person")} == {(one["scope"], one["raised_by"]) for one in suppressions}
    assert "tanıtım mesajı göndermeyeceğiz" in text_of(confirmation)
    export = await house.client.post(f"/v1/people/{review['person_id']}/export", json={"reason": "request"})
    (shown,) = export.json()["reviews"]
    assert ("yeter, dur artık", "stop") == (shown["words"], shown["decision"])
    assert ["stop_confirmation"] == [one["kind"] for one in export.json()["replies"]]
    ledger = await acts(house, review["person_id"])
    assert ("commercial_approval", "withdrawn", "review") in ledger
    assert ("suppression", "raised", "review") in ledger


async def test_a_decision_and_two_people_who_become_one_never_wait_for_each_other(house: House) -> None:
    await house.consent(WHO)
    await say(house, WHO, text=SENTENCE)
    (review,) = await open_reviews(house, 1)
    tenant, waiting = house.tenant.id, text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    async with house.run.db.begin(tenant) as session:  # what uniting takes, in its order
        await hold_alone(session, tenant)
        deciding = asyncio.create_task(resolve(house, review, "continue"))
        while not await session.scalar(waiting):
            await asyncio.sleep(0.01)
        await restrict(session, tenant, [decode("per", review["person_id"])])
    decided = await deciding

    assert {"status": 200, "decision": "continue", "code": None} == decided
    assert (True, None) == await verdict(house, WHO)


async def test_the_hold_stays_while_another_sentence_is_open(house: House) -> None:
    await house.consent(WHO)
    await say(house, WHO, text=SENTENCE)
    await say(house, WHO, text="D U R")
    first, second = await open_reviews(house, 2)

    await resolve(house, first, "continue")
    between = await verdict(house, WHO)
    await resolve(house, second, "continue")

    assert [(False, "suppressed"), (True, None)] == [between, await verdict(house, WHO)]


async def test_no_route_but_the_decision_lifts_a_hold(house: House) -> None:
    await house.consent(WHO)
    await say(house, WHO, text=SENTENCE)
    await open_reviews(house, 1)

    lifted = [
        await house.client.post(
            "/v1/suppressions/lift",
            json={"people": [{"to": WHO}], "scope": "marketing", "by": by, "channel": "api"},
        )
        for by in ("tenant", "person", "review")
    ]
    await say(house, WHO, preference="resume")
    await settled(house)

    assert [200, 200, 422] == [answer.status_code for answer in lifted]
    assert (False, "suppressed") == await verdict(house, WHO)


async def test_a_decision_never_lifts_what_the_tenant_or_the_person_raised(house: House) -> None:
    await house.consent(WHO)
    body = {"people": [{"to": WHO}], "scope": "marketing", "by": "tenant", "channel": "api"}
    await house.client.post("/v1/suppressions", json=body)
    await say(house, WHO, text=SENTENCE)
    (review,) = await open_reviews(house, 1)

    await resolve(house, review, "continue")

    assert (False, "suppressed") == await verdict(house, WHO)


async def test_a_repeated_sentence_is_one_review(house: House) -> None:
    wamid = await say(house, WHO, text=SENTENCE)
    for _ in range(2):
        await say(house, WHO, text=SENTENCE, wamid=wamid)
    await settled(house)

    assert 1 == len(await open_reviews(house, 1))


async def test_a_code_behind_dur_stops_that_purpose_only(house: House) -> None:
    await house.consent(WHO)
    await house.consent(WHO, purpose="new_product_announcement")
    made = await house.client.post("/v1/stop-codes", json={"code": "Bahar", "purpose": MARKETING})

    await say(house, WHO, text="DUR BAHAR")
    (confirmation,) = await until_received(house, WHO, 1)
    await settled(house)

    assert "bahar" == made.json()["code"]
    assert "DUR" not in text_of(confirmation) and "RET yazın" in text_of(confirmation)
    assert [(False, "suppressed"), (True, None)] == [
        await verdict(house, WHO),
        await verdict(house, WHO, "new_product_announcement"),
    ]
    assert [] == (await house.get("/v1/reviews"))["data"]


async def test_stop_codes_are_words_of_their_own(api_only: House) -> None:
    post = api_only.client.post
    made = (await post("/v1/stop-codes", json={"code": "ÇİÇEK", "purpose": MARKETING})).json()

    answers = [
        await post("/v1/stop-codes", json={"code": code, "purpose": purpose})
        for code, purpose in (("cicek", MARKETING), ("DUR", MARKETING), ("a-b", MARKETING), ("x9", "customer_service"))
    ]
    listed = (await api_only.get("/v1/stop-codes"))["data"]
    removed = await api_only.client.delete(f"/v1/stop-codes/{made['id']}")

    assert [(409, "stop_code_taken")] + [(422, "stop_code_unusable")] * 3 == [
        (answer.status_code, answer.json()["code"]) for answer in answers
    ]
    assert [("cicek", MARKETING)] == [(one["code"], one["purpose"]) for one in listed]
    assert 204 == removed.status_code
    assert [] == (await api_only.get("/v1/stop-codes"))["data"]


async def test_an_open_review_outweighs_a_tap(house: House) -> None:
    made = await offer(house)
    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    await say(house, WHO, text=SENTENCE)
    await open_reviews(house, 1)

    await say(house, WHO, tap="ONAYLIYORUM")
    await until_received(house, WHO, 2)

    assert (False, "suppressed") == await verdict(house, WHO)
