"""Each magic number does what the table says, in both of its spellings."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.caller import Caller, greeting
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import SandboxProcess

REFUSED = [("003", "03", 131000, 500), ("056", "56", 131056, 400), ("190", "90", 190, 401)]
REFUSED += [("368", "68", 368, 403), ("429", "29", 130429, 400)]
FAILED = [("002", "02", 131026), ("049", "49", 131049), ("050", "50", 131050), ("470", "47", 131047)]


def both(drama: str, fiction: str) -> list[str]:
    return [f"+447700900{drama}", f"+1202555 01{fiction}"]


@pytest.mark.parametrize(("drama", "fiction", "code", "status"), REFUSED)
def test_a_refusing_number_refuses(
    sandbox: SandboxProcess, caller: Caller, drama: str, fiction: str, code: int, status: int
) -> None:
    for number in both(drama, fiction):
        response = caller.post(greeting(number))

        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert sandbox.state()["accepted"] == 0


@pytest.mark.parametrize(("drama", "fiction", "code"), FAILED)
def test_a_failing_number_fails_afterwards(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver, drama: str, fiction: str, code: int
) -> None:
    wamids = [caller.send(number, biz_opaque_callback_data="m") for number in both(drama, fiction)]
    sandbox.await_quiet()

    for wamid in wamids:
        (failed,) = receiver.statuses(wamid)
        assert (failed["status"], failed["errors"][0]["code"]) == ("failed", code)
        assert failed["errors"][0]["error_data"]["details"]
        assert failed["biz_opaque_callback_data"] == "m"
    assert all("contacts" not in value for value in receiver.values("messages"))
    assert {line["code"] for line in sandbox.truth("status") if line["wamid"] in wamids} == {code}


def test_one_number_is_delivered_but_never_read(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    wamids = [caller.send(number) for number in both("001", "01")]
    sandbox.await_quiet()

    assert [receiver.told(wamid) for wamid in wamids] == [["sent", "delivered"]] * 2


def test_one_number_is_accepted_and_then_silent(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    wamids = [caller.send(number) for number in both("131", "31")]
    sandbox.await_quiet()

    assert [receiver.told(wamid) for wamid in wamids] == [[], []]


@pytest.mark.parametrize(
    ("drama", "fiction", "error"),
    [("408", "08", (httpx.ReadTimeout,)), ("501", "06", (httpx.RemoteProtocolError, httpx.ReadError))],
)
def test_a_lost_answer_is_still_an_accepted_message(
    sandbox: SandboxProcess,
    caller: Caller,
    receiver: Receiver,
    drama: str,
    fiction: str,
    error: tuple[type[Exception], ...],
) -> None:
    for number in both(drama, fiction):
        with pytest.raises(error):
            caller.post(greeting(number, biz_opaque_callback_data=number), timeout=0.2)
    sandbox.await_quiet()

    accepted = [(message["wamid"], message["request"]["to"]) for message in sandbox.messages()]
    assert [to for _, to in accepted] == both(drama, fiction)
    assert [receiver.told(wamid) for wamid, _ in accepted] == [["sent", "delivered", "read"]] * 2


def test_one_number_answers_200_without_an_id(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    responses = [caller.post(greeting(number)) for number in both("200", "20")]
    sandbox.await_quiet()

    assert [(r.status_code, r.json()["messages"]) for r in responses] == [(200, [{}])] * 2
    told = [receiver.told(message["wamid"]) for message in sandbox.messages()]
    assert told == [["sent", "delivered", "read"]] * 2


def test_one_number_answers_a_page_of_html_and_accepts_nothing(sandbox: SandboxProcess, caller: Caller) -> None:
    responses = [caller.post(greeting(number)) for number in both("500", "05")]

    assert {(r.status_code, r.headers["content-type"]) for r in responses} == {(502, "text/html; charset=utf-8")}
    assert sandbox.state()["accepted"] == 0


def test_the_table_can_be_asked_for(sandbox: SandboxProcess) -> None:
    table = sandbox.control.get("/sandbox/magic").json()["magic"]

    assert {"number": "+447700900002", "tells": "accepted, then webhook failed 131026"} in table
    assert len(table) == 34


def test_one_number_is_held_for_quality_and_released_another_is_dropped(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(held_release_s=0.3)

    answers = [caller.post(greeting(number)).json() for number in (*both("014", "14"), *both("015", "15"))]
    wamids = [answer["messages"][0]["id"] for answer in answers]
    sandbox.await_quiet()

    assert {"held_for_quality_assessment"} == {answer["messages"][0]["message_status"] for answer in answers}
    assert [["sent", "delivered", "read"]] * 2 + [["failed"]] * 2 == [receiver.told(wamid) for wamid in wamids]
    assert [132015] * 2 == [receiver.statuses(wamid)[0]["errors"][0]["code"] for wamid in wamids[2:]]
    assert [True] * 4 == [line["held"] for line in sandbox.truth("accepted")[-4:]]
