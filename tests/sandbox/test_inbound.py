"""People write back."""

from __future__ import annotations

import pytest

from tests.sandbox.caller import Caller
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import APP_SECRET, SandboxProcess


def test_a_stop_is_acknowledged_before_the_call_returns(sandbox: SandboxProcess, receiver: Receiver) -> None:
    wamid = sandbox.inbound("+90 532 000 00 01", text="STOP")

    (value,) = receiver.values("messages")
    (message,) = value["messages"]
    assert (message["id"], message["type"], message["text"]) == (wamid, "text", {"body": "STOP"})
    assert message["from"] == value["contacts"][0]["wa_id"] == "905320000001"
    assert message["from_user_id"] == value["contacts"][0]["user_id"]
    assert receiver.webhooks[0].signed_by(APP_SECRET)
    assert sandbox.truth("inbound")[-1]["wamid"] == wamid


def test_a_button_carries_its_payload_and_the_message_it_answers(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(hold_webhooks=True)
    sent = caller.send()
    sandbox.reset()

    sandbox.inbound("+905320000001", button="OPTOUT", button_text="Dur", context_wamid=sent)

    message = receiver.values("messages")[0]["messages"][0]
    assert message["button"] == {"payload": "OPTOUT", "text": "Dur"}
    assert message["context"]["id"] == sent


@pytest.mark.parametrize("wish", ["stop", "resume"])
def test_a_preference_is_a_field_of_its_own(sandbox: SandboxProcess, receiver: Receiver, wish: str) -> None:
    wamid = sandbox.inbound("+905320000001", preference=wish)

    (value,) = receiver.values("user_preferences")
    (preference,) = value["user_preferences"]
    assert wamid is None
    assert (preference["value"], preference["category"]) == (wish, "marketing_messages")
    assert preference["wa_id"] == "905320000001"
    assert isinstance(preference["timestamp"], int)


def test_a_person_may_hide_the_number(sandbox: SandboxProcess, receiver: Receiver) -> None:
    sandbox.inbound("+905320000001", text="Merhaba", hide_number=True)

    (value,) = receiver.values("messages")
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]
    assert b"905320000001" not in receiver.webhooks[0].raw


def test_an_inbound_message_can_be_repeated(sandbox: SandboxProcess, receiver: Receiver) -> None:
    wamid = sandbox.inbound("+905320000001", text="STOP")

    again = sandbox.inbound("+905320000001", text="STOP", wamid=wamid)

    assert again == wamid
    assert [v["messages"][0]["id"] for v in receiver.values("messages")] == [wamid, wamid]


def test_a_callback_that_does_not_acknowledge_is_reported(sandbox: SandboxProcess, receiver: Receiver) -> None:
    receiver.always = 500

    response = sandbox.control.post("/sandbox/inbound", json={"from": "+90532", "text": "STOP", "wait_s": 0.1})

    assert response.status_code == 504


@pytest.mark.parametrize(
    "body",
    [
        {"from": "+905320000001"},
        {"text": "STOP"},
        {"from": "x", "text": "STOP"},
        {"from": "+9", "text": "a", "button": "b"},
        {"from": "+9", "preference": "maybe"},
        {"from": "+9", "text": "a", "to_phone_number_id": "7"},
        {"from": "+9", "text": "a", "typo": 1},
    ],
)
def test_an_unclear_inbound_is_refused(sandbox: SandboxProcess, body: dict[str, object]) -> None:
    assert sandbox.control.post("/sandbox/inbound", json=body).status_code == 422


def question(*titles: str, to: str = "+905320000001") -> dict[str, object]:
    buttons = [{"type": "reply", "reply": {"id": f"id-{title}", "title": title}} for title in titles]
    return {
        "messaging_product": "whatsapp",
        "to": to,
        "type": "interactive",
        "interactive": {"type": "button", "body": {"text": "Onaylıyor musunuz?"}, "action": {"buttons": buttons}},
    }


def test_a_tap_finds_the_button_of_the_latest_question(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.inbound("+905320000001", text="Merhaba")
    caller.post(question("EVET", "HAYIR"))
    asked = caller.post(question("EVET", "SONRA")).json()["messages"][0]["id"]

    sandbox.inbound("+905320000001", tap="SONRA")
    sandbox.inbound("+905320000001", reply="id-HAYIR")
    sandbox.inbound("+905320000001", reply="nobody-sent-this")

    replies = [value["messages"][0] for value in receiver.values("messages") if "messages" in value][1:]
    assert [
        {"id": "id-SONRA", "title": "SONRA"},
        {"id": "id-HAYIR", "title": "HAYIR"},
        {"id": "nobody-sent-this", "title": "nobody-sent-this"},
    ] == [message["interactive"]["button_reply"] for message in replies]
    assert asked == replies[0]["context"]["id"]


def test_nobody_taps_what_was_not_sent_to_them(sandbox: SandboxProcess, caller: Caller) -> None:
    caller.post(question("EVET"))

    told = sandbox.control.post("/sandbox/inbound", json={"from": "+905320000002", "tap": "EVET"})

    assert 422 == told.status_code


def test_a_question_outside_the_window_fails_afterwards_and_inside_it_does_not(
    sandbox: SandboxProcess, caller: Caller
) -> None:
    sandbox.knobs(delay_sent_s=0.01, delay_delivered_s=0.02, read_share=0.0)
    who = "+905320000077"
    text = {"messaging_product": "whatsapp", "to": who, "type": "text", "text": {"body": "x"}}
    before = [caller.post(body).json()["messages"][0]["id"] for body in (question("EVET", to=who), text)]
    sandbox.await_quiet()
    sandbox.inbound(who, text="Merhaba")
    inside = caller.post(question("EVET", to=who)).json()["messages"][0]["id"]
    sandbox.await_quiet()

    last = {line["wamid"]: (line["status"], line.get("code")) for line in sandbox.truth("status")}
    assert [("failed", 131047)] * 2 == [last[wamid] for wamid in before]
    assert ("delivered", None) == last[inside]


def test_media_and_a_changed_number_come_as_whatsapp_tells_them(sandbox: SandboxProcess, receiver: Receiver) -> None:
    sandbox.inbound("+905320000001", media="image", caption="DUR")
    sandbox.inbound("+905320000001", media="audio")
    sandbox.inbound("+905320000001", new_number="+905320000009")

    values = receiver.values("messages")
    image, audio, moved = (value["messages"][0] for value in values)
    assert ("DUR", False) == (image["image"]["caption"], "caption" in audio["audio"])
    assert ("905320000001", "system") == (moved["from"], moved["type"])
    assert ("user_changed_number", "905320000009") == (moved["system"]["type"], moved["system"]["wa_id"])
    assert moved["system"]["user_id"] != moved["system"]["previous_user_id"]
    assert "contacts" not in values[2]
