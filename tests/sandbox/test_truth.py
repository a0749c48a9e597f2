"""What goes another way than the plain one leaves a line in the truth log, by the caller's own data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.caller import Caller, greeting
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import PHONE_NUMBER_ID, SandboxProcess


def lines(sandbox: SandboxProcess, event: str) -> list[dict[str, Any]]:
    """The lines of one event since the last reset, without their time."""
    truth = sandbox.truth()
    begin = max((n for n, line in enumerate(truth) if line["event"] == "reset"), default=-1)
    return [
        {name: fact for name, fact in line.items() if name not in ("at", "event")}
        for line in truth[begin + 1 :]
        if line["event"] == event
    ]


def test_a_refusal_is_written_down_with_the_callers_data(sandbox: SandboxProcess, caller: Caller) -> None:
    caller.code(greeting("+447700900368", biz_opaque_callback_data="magic"))
    caller.post(greeting("+447700900500", biz_opaque_callback_data="page"))
    caller.code(greeting("not a number", biz_opaque_callback_data="wrong"))
    caller.code("no object at all")
    sandbox.knobs(pair_burst=1)
    caller.code(greeting("+15550301001", biz_opaque_callback_data="first"))
    caller.code(greeting("+15550301001", biz_opaque_callback_data="second"))

    number = {"phone_number_id": PHONE_NUMBER_ID}
    refused = lines(sandbox, "refused")
    assert [number | {"code": 368, "opaque": "magic"}, number | {"opaque": "page"}] == refused[:2]
    assert ["wrong", None] == [line.get("opaque") for line in refused[2:]]
    assert [number | {"code": 131056, "opaque": "second"}] == lines(sandbox, "limited")
    assert ["first"] == [line["opaque"] for line in lines(sandbox, "accepted")]


@pytest.mark.parametrize(
    ("fault", "more"), [("throttle", {"code": 130429}), ("html_502", {}), ("no_id_after_accept", {})]
)
def test_a_fault_is_written_down_once_and_only_where_it_happens(
    sandbox: SandboxProcess, caller: Caller, fault: str, more: dict[str, int]
) -> None:
    sandbox.knobs(faults={fault: 1})

    caller.post(greeting("+15550302001", biz_opaque_callback_data="m"))
    told = lines(sandbox, "fault")
    caller.post(greeting("+15550302001", template={"name": "nowhere", "language": {"code": "tr"}}))

    assert [{"fault": fault, "opaque": "m", "phone_number_id": PHONE_NUMBER_ID} | more] == told
    assert (1 if fault == "no_id_after_accept" else 2) == len(lines(sandbox, "fault"))
    assert (1 if fault == "no_id_after_accept" else 0) == len(lines(sandbox, "refused"))


def test_disorder_lateness_and_duplicates_are_written_down(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(reorder_share=1, late_share=1, late_s=0.01, duplicate_share=1, delivered_missing_share=0)

    for n in range(10):
        caller.send(biz_opaque_callback_data=f"m{n}")
    sandbox.await_quiet()

    told = [(f"m{n}", status) for n in range(10) for status in ("delivered", "read", "sent")]
    for event in ("late", "duplicate"):
        assert told == sorted((line["opaque"], line["status"]) for line in lines(sandbox, event))
    disordered = lines(sandbox, "reordered")
    assert disordered
    assert all(["sent", "delivered", "read"] != line["statuses"] for line in disordered)
    assert {line["opaque"] for line in disordered} <= {f"m{n}" for n in range(10)}


def test_webhooks_that_go_again_are_written_down(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    receiver.answers = [500]
    sandbox.knobs(retry_first_s=0.01, webhook_max_updates=1)

    caller.send(biz_opaque_callback_data="m")
    sandbox.await_quiet()
    retried = lines(sandbox, "retry")
    sandbox.knobs(repeat_share=0.9)
    caller.send("+15550303001", biz_opaque_callback_data="again")
    sandbox.await_quiet()

    assert [{"opaque": "m", "updates": 1, "attempt": 2}] == retried
    repeated = lines(sandbox, "repeat")
    assert {"again"} == {line["opaque"] for line in repeated}
    assert all(line["attempt"] > 1 for line in repeated)
