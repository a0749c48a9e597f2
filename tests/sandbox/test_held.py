"""Templates that WhatsApp holds back to watch their quality: by a share, released or dropped, and never a text."""

from __future__ import annotations

from tests.sandbox.caller import Caller, greeting
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import SandboxProcess

PEOPLE = [f"+1555020{n:04d}" for n in range(60)]


def test_the_held_are_a_share_and_a_share_of_them_is_dropped(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(held_share=0.5, held_drop_share=0.5, held_release_s=0.05, delivered_missing_share=0, read_share=1)

    answers = {answer["messages"][0]["id"]: answer for answer in (caller.post(greeting(to)).json() for to in PEOPLE)}
    sandbox.await_quiet()

    accepted = {
        line["wamid"]: line.get("held", False) for line in sandbox.truth("accepted") if line["wamid"] in answers
    }
    said = {wamid: answer["messages"][0]["message_status"] for wamid, answer in answers.items()}
    assert {(True, "held_for_quality_assessment"), (False, "accepted")} == {
        (accepted[wamid], said[wamid]) for wamid in answers
    }
    ends = {(accepted[wamid], tuple(receiver.told(wamid))) for wamid in answers}
    assert {(False, ("sent", "delivered", "read")), (True, ("sent", "delivered", "read")), (True, ("failed",))} == ends
    failed = [line for line in sandbox.truth("status") if line["status"] == "failed" and line["wamid"] in answers]
    assert {132015} == {line["code"] for line in failed}
    assert sandbox.state()["counts"]["held"] == sum(accepted.values())


def test_a_held_message_is_silent_until_it_is_released(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(held_share=1, held_release_s=3600)

    held = caller.send(PEOPLE[0])
    sandbox.knobs(held_share=0)
    other = caller.send(PEOPLE[1])
    while receiver.told(other) != ["sent", "delivered", "read"]:
        pass
    while sandbox.state()["pending_webhooks"] > 3:
        pass

    assert [] == receiver.told(held)
    assert 3 == sandbox.state()["pending_webhooks"]


def test_a_text_is_never_held(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(held_share=1)
    sandbox.inbound(PEOPLE[0], text="Merhaba")
    text = {"messaging_product": "whatsapp", "to": PEOPLE[0], "type": "text", "text": {"body": "Selam"}}

    answer = caller.post(text).json()

    assert "message_status" not in answer["messages"][0]
    assert "held" not in sandbox.truth("accepted")[-1]
