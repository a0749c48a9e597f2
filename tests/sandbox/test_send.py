"""A send that goes well: the answer, the webhooks, the truth log."""

from __future__ import annotations

import base64
import hashlib

from tests.sandbox.caller import Caller, greeting
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import APP_SECRET, PHONE_NUMBER_ID, WABA_ID, SandboxProcess


def test_an_accepted_template_is_answered_as_meta_answers_it(caller: Caller) -> None:
    response = caller.post(greeting("+90 (532) 000-00-01"))

    body = response.json()
    assert response.status_code == 200
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": "+90 (532) 000-00-01", "wa_id": "905320000001"}]
    assert [message["message_status"] for message in body["messages"]] == ["accepted"]


def test_a_message_id_has_metas_bytes(caller: Caller) -> None:
    wamid = caller.send("+905320000001")

    raw = base64.b64decode(wamid.removeprefix("wamid."))
    assert raw[:15] == b"\x1c\x18\x0c905320000001"
    assert raw[15:21] == b"\x15\x02\x00\x11\x18\x12"
    assert len(raw[21:-1]) == 18
    assert raw[-1:] == b"\x00"


def test_a_message_is_sent_delivered_and_read_in_signed_webhooks(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    wamid = caller.send("+905320000001", biz_opaque_callback_data="msg_1/ş")
    sandbox.await_quiet()

    statuses = receiver.statuses(wamid)
    assert receiver.told(wamid) == ["sent", "delivered", "read"]
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"msg_1/ş"}
    assert {status["recipient_id"] for status in statuses} == {"905320000001"}
    assert {s["status"]: "pricing" in s for s in statuses} == {"sent": True, "delivered": True, "read": False}
    assert all(status["timestamp"].isdigit() for status in statuses)
    assert all(webhook.signed_by(APP_SECRET) for webhook in receiver.webhooks)


def test_webhook_bytes_are_ascii_with_escaped_slashes(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    caller.send(biz_opaque_callback_data="a/ş")
    sandbox.await_quiet()

    raw = b"".join(webhook.raw for webhook in receiver.webhooks)
    assert raw.isascii()
    assert b'"a\\/\\u015f"' in raw


def test_the_envelope_names_account_and_number(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    wamid = caller.send()
    sandbox.await_quiet()

    change = receiver.webhooks[0].changes[0]
    assert change["waba_id"] == WABA_ID
    assert change["value"]["metadata"] == {
        "display_phone_number": "15550100000",
        "phone_number_id": PHONE_NUMBER_ID,
    }
    assert change["value"]["contacts"][0]["wa_id"] == "905320000001"
    assert change["value"]["statuses"][0]["id"] == wamid


def test_the_truth_log_knows_a_message_before_the_caller_does(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(hold_webhooks=True)

    wamid = caller.send("+905320000001", biz_opaque_callback_data="msg_1")

    line = sandbox.truth("accepted")[-1]
    assert (line["wamid"], line["opaque"]) == (wamid, "msg_1")
    assert line["to_sha256"] == hashlib.sha256(b"+905320000001").hexdigest()
    assert "905320000001" not in sandbox.truth_path.read_text()


def test_the_truth_log_has_each_acknowledged_status_once(sandbox: SandboxProcess, caller: Caller) -> None:
    wamid = caller.send(biz_opaque_callback_data="msg_1")
    sandbox.await_quiet()

    lines = [line for line in sandbox.truth("status") if line["wamid"] == wamid]
    assert sorted(line["status"] for line in lines) == ["delivered", "read", "sent"]
    assert {line["opaque"] for line in lines} == {"msg_1"}


def test_a_number_without_plus_is_national(caller: Caller) -> None:
    body = caller.post(greeting("2025550177")).json()

    assert body["contacts"] == [{"input": "2025550177", "wa_id": "12025550177"}]


def test_a_person_can_be_written_to_by_person_id(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    body = caller.post(greeting(None, recipient="TR.1234")).json()
    sandbox.await_quiet()

    status = receiver.statuses(body["messages"][0]["id"])[0]
    assert body["contacts"] == [{"input": "TR.1234", "user_id": "TR.1234"}]
    assert status["recipient_user_id"] == "TR.1234"
    assert "recipient_id" not in status


def test_nobody_reads_when_the_read_share_is_zero(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(read_share=0)

    wamid = caller.send()
    sandbox.await_quiet()

    assert receiver.told(wamid) == ["sent", "delivered"]


def test_a_failed_share_fails_ordinary_numbers(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(failed_shares={"131026": 1})

    wamid = caller.send()
    sandbox.await_quiet()

    assert [s["errors"][0]["code"] for s in receiver.statuses(wamid)] == [131026]


def test_free_text_needs_an_open_window(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    text = {"messaging_product": "whatsapp", "to": "+905320000001", "type": "text", "text": {"body": "Tamam"}}

    before = caller.post(text).json()
    sandbox.inbound("+905320000001", text="STOP")
    after = caller.post(text).json()
    sandbox.await_quiet()

    assert "message_status" not in before["messages"][0]
    assert [s["errors"][0]["code"] for s in receiver.statuses(before["messages"][0]["id"])] == [131047]
    assert receiver.told(after["messages"][0]["id"]) == ["sent", "delivered", "read"]


def test_marketing_fails_after_the_platforms_stop_until_resume(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    plain = greeting("+905320000001") | {"template": {"name": "plain", "language": {"code": "tr"}}}

    sandbox.inbound("+905320000001", preference="stop")
    stopped = caller.post(plain).json()["messages"][0]["id"]
    sandbox.inbound("+905320000001", preference="resume")
    resumed = caller.post(plain).json()["messages"][0]["id"]
    sandbox.await_quiet()

    assert [s["errors"][0]["code"] for s in receiver.statuses(stopped)] == [131050]
    assert receiver.told(resumed) == ["sent", "delivered", "read"]


def test_accepted_messages_can_be_paged_with_their_requests(sandbox: SandboxProcess, caller: Caller) -> None:
    wamids = [caller.send(f"+90532000000{i}") for i in range(3)]

    messages = list(sandbox.messages())

    assert [message["wamid"] for message in messages] == wamids
    assert messages[0]["request"] == greeting("+905320000000")
