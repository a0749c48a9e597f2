"""The person says no, stop or start in the chat, before and after a tap: what restricts wins."""

import asyncio

import pytest

from tests.flows.chat import (
    NO,
    UNDO,
    WHO,
    YES,
    acts,
    attest,
    both,
    challenges,
    offer,
    received,
    say,
    settled,
    text_of,
    until_counts,
    until_received,
    verdict,
    words_of,
)
from tests.house import House

pytestmark = pytest.mark.anyio


async def test_a_refusal_is_recorded_and_opens_nothing(house: House) -> None:
    consent, approval = await both(house)

    await say(house, WHO, text=words_of(consent))
    await until_received(house, WHO, 1)
    await say(house, WHO, tap=NO)
    _, answer = await until_received(house, WHO, 2)
    await say(house, WHO, tap=YES)
    await settled(house)
    (one,) = await challenges(house, consent)

    assert ("text", "refused") == (answer["type"], one["state"])
    assert [("explicit_consent", "refused", "double_opt_in")] == await acts(house, one["person_id"])
    assert (False, "consent_not_given") == await verdict(house, WHO)
    assert [] == await challenges(house, approval)  # who refuses the first is not asked for the second
    assert 2 == len(received(house, WHO))


async def test_what_was_agreed_to_is_taken_back_by_the_confirmations_own_button(house: House) -> None:
    made = await offer(house)

    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    await say(house, WHO, tap=YES)
    await until_received(house, WHO, 2)
    await say(house, WHO, tap=UNDO)
    await until_counts(house, made, refused=1, given=0)
    (one,) = await challenges(house, made)

    ledger = await acts(house, one["person_id"])
    assert ["given", "refused"] == [act for _, act, _ in ledger]
    assert (False, "consent_not_given") == await verdict(house, WHO)


async def test_a_stop_answers_the_open_question_and_a_later_tap_opens_nothing(house: House) -> None:
    made = await offer(house)
    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)

    await say(house, WHO, text="RET")
    await until_counts(house, made, refused=1)
    await say(house, WHO, tap=YES)
    await settled(house)

    assert (False, "suppressed") == await verdict(house, WHO)
    person = (await challenges(house, made))[0]["person_id"]
    assert [] == [act for _, act, _ in await acts(house, person) if act == "given"]


async def test_a_written_no_answers_the_open_question(house: House) -> None:
    made = await offer(house)
    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)

    await say(house, WHO, text="Hayır")
    await until_counts(house, made, refused=1)

    assert [] == (await house.get("/v1/reviews"))["data"]


async def test_agreeing_to_one_purpose_leaves_the_rest_of_an_older_stop_in_force(house: House) -> None:
    await house.consent(WHO, purpose="new_product_announcement")
    consent, approval = await both(house)
    await say(house, WHO, text="RET")
    await until_received(house, WHO, 1)
    await asyncio.sleep(1.1)  # WhatsApp's times are whole seconds, and on equal ones the stop wins

    await say(house, WHO, text=words_of(consent))
    await until_received(house, WHO, 2)
    await say(house, WHO, tap=YES)
    await until_received(house, WHO, 4)
    await say(house, WHO, tap=YES)
    await until_counts(house, approval, awaiting_iys=1)
    await attest(house, approval, (await challenges(house, approval))[0])

    assert (True, None) == await verdict(house, WHO)
    assert (False, "suppressed") == await verdict(house, WHO, "new_product_announcement")


async def test_a_stop_between_the_tap_and_the_attestation_wins(house: House) -> None:
    made = await offer(house, "commercial_approval")
    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    await say(house, WHO, tap=YES)
    await until_counts(house, made, awaiting_iys=1)

    await say(house, WHO, text="RET")
    await until_counts(house, made, refused=1)

    assert 409 == await attest(house, made, (await challenges(house, made))[0])


async def test_start_gives_nothing_back_and_says_how_to_consent_again(house: House) -> None:
    await house.consent(WHO)
    await say(house, WHO, text="RET")
    await until_received(house, WHO, 1)

    await say(house, WHO, text="BAŞLA")
    _, answer = await until_received(house, WHO, 2)

    assert "onay sayılmaz" in text_of(answer)
    assert (False, "suppressed") == await verdict(house, WHO)
