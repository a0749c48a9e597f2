"""Webhooks that are late, refused, repeated, held, gathered."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.caller import Caller
from tests.sandbox.receiver import Receiver, await_true
from tests.sandbox_process import APP_SECRET, SandboxProcess


def test_a_refused_webhook_is_repeated_and_true_only_when_acknowledged(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    receiver.always = 500
    sandbox.knobs(retry_first_s=0.02, retry_most_s=0.05)

    wamid = caller.send()
    await_true(lambda: len(receiver.webhooks) >= 6)
    unheard = [line for line in sandbox.truth("status") if line["wamid"] == wamid]
    receiver.always = None
    sandbox.await_quiet()

    assert unheard == []
    assert receiver.told(wamid) == ["sent", "delivered", "read"]
    told = [line["status"] for line in sandbox.truth("status") if line["wamid"] == wamid]
    assert sorted(told) == ["delivered", "read", "sent"]


@pytest.mark.parametrize("status", [204, 301, 403])
def test_only_200_acknowledges(sandbox: SandboxProcess, caller: Caller, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    sandbox.knobs(retry_first_s=0.01, read_share=0, delivered_missing_share=0)

    wamid = caller.send()
    sandbox.await_quiet()

    assert receiver.webhooks[0].answered == status
    assert receiver.told(wamid) == ["sent", "delivered"]


def test_duplicates_come_twice_and_are_true_once(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(duplicate_share=1)

    wamid = caller.send()
    sandbox.await_quiet()

    assert receiver.told(wamid) == ["sent", "sent", "delivered", "delivered", "read", "read"]
    assert len([line for line in sandbox.truth("status") if line["wamid"] == wamid]) == 3


def test_reordering_tells_later_statuses_first(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(reorder_share=1, webhook_max_updates=1)

    wamids = [caller.send() for _ in range(10)]
    sandbox.await_quiet()

    assert any(receiver.statuses(wamid)[0]["status"] != "sent" for wamid in wamids)
    assert all(receiver.told(wamid) == ["sent", "delivered", "read"] for wamid in wamids)


def test_read_may_come_without_delivered_and_is_priced_then(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(delivered_missing_share=1)

    wamid = caller.send()
    sandbox.await_quiet()

    priced = {status["status"]: "pricing" in status for status in receiver.statuses(wamid)}
    assert priced == {"sent": True, "read": True}


def test_held_webhooks_leave_when_they_are_let_go(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(hold_webhooks=True)
    wamids = [caller.send() for _ in range(5)]
    held = sandbox.control.get("/sandbox/outbox").json()

    sandbox.knobs(hold_webhooks=False)
    sandbox.await_quiet()

    assert held == {"pending": 15, "held": True}
    assert all(len(receiver.told(wamid)) == 3 for wamid in wamids)


@pytest.mark.parametrize(("most", "posts"), [(100, 1), (4, 3), (1, 10)])
def test_updates_are_gathered_up_to_the_knob(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver, most: int, posts: int
) -> None:
    sandbox.knobs(hold_webhooks=True, webhook_max_updates=most, read_share=0)
    wamids = [caller.send() for _ in range(5)]
    await_true(lambda: sandbox.state()["pending_webhooks"] == 10)

    sandbox.knobs(webhook_flush_s=0.1)  # longer than the delays: all are due
    sandbox.knobs(hold_webhooks=False)
    sandbox.await_quiet()

    assert len(receiver.webhooks) == posts
    assert all(len(receiver.told(wamid)) == 2 for wamid in wamids)
    assert all(webhook.signed_by(APP_SECRET) for webhook in receiver.webhooks)


def test_a_callback_that_does_not_know_the_token_is_not_used(sandbox: SandboxProcess, receiver: Receiver) -> None:
    body = {"callback": receiver.url, "verify_token": "wrong", "app_secret": "s"}

    response: httpx.Response = sandbox.control.post("/sandbox/subscribe", json=body)

    assert response.status_code == 400


def test_another_callback_can_be_subscribed(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    other = Receiver("other-token")
    try:
        sandbox.subscribe(other.url, "other-token", "other-secret")
        wamid = caller.send()
        sandbox.await_quiet()

        assert other.told(wamid) == ["sent", "delivered", "read"]
        assert all(webhook.signed_by("other-secret") for webhook in other.webhooks)
        assert receiver.webhooks == []
    finally:
        sandbox.subscribe(receiver.url)
        other.close()


def test_a_reset_forgets_what_was_pending(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(hold_webhooks=True)
    wamid = caller.send()

    sandbox.reset()
    sandbox.await_quiet()

    assert receiver.told(wamid) == []
    assert sandbox.state()["accepted"] == 0
    assert sandbox.truth()[-1]["event"] == "reset"


def test_an_acknowledged_webhook_may_be_repeated_and_is_true_once(
    sandbox: SandboxProcess, caller: Caller, receiver: Receiver
) -> None:
    sandbox.knobs(repeat_share=0.5, retry_first_s=0.01, webhook_max_updates=1)

    wamids = [caller.send() for _ in range(8)]
    sandbox.await_quiet()

    assert any(len(receiver.told(wamid)) > 3 for wamid in wamids)
    assert all(3 == len([line for line in sandbox.truth("status") if line["wamid"] == wamid]) for wamid in wamids)


def test_late_statuses_come_after_their_time(sandbox: SandboxProcess, caller: Caller, receiver: Receiver) -> None:
    sandbox.knobs(late_share=1, late_s=60)

    wamid = caller.send()

    assert receiver.told(wamid) == []
    assert sandbox.state()["pending_webhooks"] == 3
