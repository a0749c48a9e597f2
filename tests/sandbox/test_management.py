"""Templates and numbers, as the management API shows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.caller import Caller
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import PHONE_NUMBER_ID, WABA_ID, SandboxProcess

TEMPLATES = f"/v26.0/{WABA_ID}/message_templates"


def test_a_created_template_is_approved_and_shown(sandbox: SandboxProcess, caller: Caller) -> None:
    created = sandbox.add_template("fresh", "Selam {{1}}")

    node = caller.http.get(f"/v26.0/{created['id']}", params={"fields": "status,name"}).json()
    assert (created["status"], created["category"]) == ("APPROVED", "UTILITY")
    assert node == {"status": "APPROVED", "name": "fresh", "id": created["id"]}


def test_templates_are_listed_in_pages(caller: Caller) -> None:
    names: list[str] = []
    url, params = TEMPLATES, {"limit": "2", "fields": "name"}
    while True:
        page = caller.http.get(url, params=params).json()
        names += [node["name"] for node in page["data"]]
        if "next" not in page["paging"]:
            break
        params = params | {"after": page["paging"]["cursors"]["after"]}

    assert sorted(names) == ["greeting", "named_offer", "plain"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"name": "plain"}, ["plain"]),
        ({"category": "utility"}, ["greeting"]),
        ({"language": "en_US"}, ["named_offer"]),
        ({"status": "paused"}, []),
    ],
)
def test_templates_are_filtered(caller: Caller, filters: dict[str, str], names: list[str]) -> None:
    page = caller.http.get(TEMPLATES, params=filters).json()

    assert [node["name"] for node in page["data"]] == names


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Big Letters"},
        {"language": "turkish"},
        {"category": "FUN"},
        {"parameter_format": "ODD"},
        {"components": []},
        {"components": [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": ["x"]}]},
        {"name": "greeting"},
    ],
)
def test_a_wrong_template_is_refused(caller: Caller, change: dict[str, Any]) -> None:
    body = {"name": "fresh", "language": "tr", "category": "UTILITY"}
    body |= {"components": [{"type": "BODY", "text": "x"}]} | change

    response = caller.http.post(TEMPLATES, json=body)

    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)


def test_a_deleted_template_is_gone(caller: Caller) -> None:
    first = caller.http.request("DELETE", TEMPLATES, params={"name": "plain"})
    second = caller.http.request("DELETE", TEMPLATES, params={"name": "plain"})

    assert first.json() == {"success": True}
    assert second.json()["error"]["code"] == 100


def test_a_review_takes_as_long_as_the_knob_says_and_is_told(sandbox: SandboxProcess, receiver: Receiver) -> None:
    sandbox.knobs(template_review_s=0.05, template_webhooks=True)

    created = sandbox.add_template("fresh", "Selam")
    while not receiver.values("message_template_status_update"):
        sandbox.await_quiet()

    (value,) = receiver.values("message_template_status_update")
    assert created["status"] == "PENDING"
    assert (value["event"], value["message_template_id"]) == ("APPROVED", int(created["id"]))


def test_a_number_shows_itself(caller: Caller) -> None:
    node = caller.http.get(f"/v26.0/{PHONE_NUMBER_ID}").json()
    some = caller.http.get(f"/v26.0/{PHONE_NUMBER_ID}", params={"fields": "status,throughput"}).json()

    assert node["display_phone_number"] == "+1 555-010-0000"
    assert some == {"status": "CONNECTED", "throughput": {"level": "STANDARD"}, "id": PHONE_NUMBER_ID}


def test_the_numbers_of_an_account_are_listed(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.control.post("/sandbox/numbers", json={"id": "3", "display_phone_number": "+90 532 000 00 00"})

    page = caller.http.get(f"/v26.0/{WABA_ID}/phone_numbers").json()

    assert [node["id"] for node in page["data"]] == [PHONE_NUMBER_ID, "3"]


@pytest.mark.parametrize("path", [TEMPLATES, f"/v26.0/{PHONE_NUMBER_ID}", f"/v26.0/{WABA_ID}/phone_numbers"])
def test_management_calls_need_the_token(caller: Caller, path: str) -> None:
    response = caller.http.get(path, headers={"Authorization": "Bearer wrong"})

    assert (response.status_code, response.json()["error"]["code"]) == (401, 190)
