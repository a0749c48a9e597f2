"""What the sandbox refuses, in which order, and in which words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.caller import Caller, greeting
from tests.sandbox_process import PHONE_NUMBER_ID, SandboxProcess

BODY = {"type": "body"}
IMAGE = {"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]}
URL = {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "x"}]}


def texts(**named: str) -> dict[str, Any]:
    return {
        "type": "body",
        "parameters": [{"type": "text", "parameter_name": k, "text": v} for k, v in named.items()],
    }


def asked(*buttons: tuple[str, str]) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": button_id, "title": title}} for button_id, title in buttons]
    return {"type": "button", "body": {"text": "x"}, "action": {"buttons": replies}}


def offer(*components: dict[str, Any]) -> dict[str, Any]:
    return greeting() | {
        "template": {"name": "named_offer", "language": {"code": "en_US"}, "components": list(components)}
    }


def test_everything_wrong_at_once_is_refused_in_the_order_of_the_steps(sandbox: SandboxProcess, caller: Caller) -> None:
    def number(**more: Any) -> None:
        sandbox.control.post("/sandbox/numbers", json={"id": PHONE_NUMBER_ID, "token": "other", **more})

    sandbox.knobs(throughput_per_s=0, throughput_burst=1)
    caller.send()
    body = greeting("15550100000") | {"template": {}}
    wrong: dict[str, Any] = {"version": "v9.0", "headers": {}}
    codes: list[int | None] = []

    caller.http.headers["Authorization"] = ""
    codes.append(caller.code(body | {"messaging_product": "x"}, **wrong))
    caller.http.headers["Authorization"] = "Bearer nobody's"
    codes.append(caller.code(body | {"messaging_product": "x"}, **wrong))
    sandbox.control.post("/sandbox/numbers", json={"id": "3", "token": "third"})
    number(status="DISCONNECTED", refuse_code=131031)
    caller.http.headers["Authorization"] = "Bearer third"
    codes.append(caller.code(body | {"messaging_product": "x"}, **wrong))
    caller.http.headers["Authorization"] = "Bearer other"
    codes.append(caller.code(body | {"messaging_product": "x"}, **wrong))
    codes.append(caller.code(body | {"messaging_product": "x"}))
    number(refuse_code=131031)
    codes.append(caller.code(body | {"messaging_product": "x"}))
    number()
    codes.append(caller.code(body | {"messaging_product": "x"}))
    codes.append(caller.code(body | {"to": "+15550100000"}))
    codes.append(caller.code(body | {"to": "+447700900003"}))
    codes.append(caller.code(greeting("+447700900003")))
    codes.append(caller.code(greeting("+905320000001")))

    assert codes == [0, 190, 10, 100, 133010, 131031, 100, 131021, 131008, 131000, 130429]


def test_an_error_body_has_metas_shape(caller: Caller) -> None:
    response = caller.post(greeting(None))

    error = response.json()["error"]
    assert response.status_code == 400
    assert error.pop("fbtrace_id").startswith("A")
    assert error == {
        "message": "(#131008) Required parameter is missing",
        "type": "OAuthException",
        "code": 131008,
        "error_data": {"messaging_product": "whatsapp", "details": "Parameter to or recipient is missing"},
    }


def test_an_unknown_object_is_code_100_with_subcode_33(caller: Caller) -> None:
    error = caller.post(greeting(), number="999").json()["error"]

    assert (error["code"], error["error_subcode"]) == (100, 33)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"messaging_product": None}, 100),
        ({"surprise": 1}, 100),
        ({"type": "fax"}, 131009),
        ({"type": "image", "image": {"id": "1"}}, 131051),
        ({"type": "interactive", "interactive": {"type": "list"}}, 131051),
        ({"type": "interactive", "interactive": {"type": "button", "body": {"text": "x"}}}, 131008),
        ({"type": "interactive", "interactive": asked(("a", "A"), ("a", "B"))}, 131009),
        ({"type": "interactive", "interactive": asked(("a", "A" * 21))}, 131009),
        ({"type": "interactive", "interactive": asked(*((str(n), "A") for n in range(4)))}, 131009),
        ({"type": "text"}, 131008),
        ({"type": "text", "text": {"body": ""}}, 131008),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"recipient_type": "group"}, 131009),
        ({"biz_opaque_callback_data": "x" * 513}, 100),
        ({"to": "my aunt"}, 131009),
        ({"to": 905320000001}, 131009),
        ({"to": "+٩٠٥٣٢٠٠٠٠٠٠١"}, 131009),
        ({"to": None, "recipient": "nobody"}, 131009),
        ({"template": {"name": "nothing", "language": {"code": "tr"}}}, 132001),
        ({"template": {"name": "greeting", "language": {"code": "en"}}}, 132001),
        ({"template": {"name": "greeting", "language": "tr"}}, 131008),
        ({"template": {"name": "greeting", "language": {"code": "tr"}}}, 132000),
    ],
)
def test_a_wrong_envelope_is_refused(caller: Caller, change: dict[str, Any], code: int) -> None:
    assert caller.code(greeting() | change) == code


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"a":' * 100_000])
def test_a_body_that_is_no_object_is_refused(caller: Caller, raw: bytes) -> None:
    response = caller.http.post(f"/v26.0/{PHONE_NUMBER_ID}/messages", content=raw)

    assert response.json()["error"]["code"] == 100


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("one",), 132000),
        (("one", "two", "three"), 132000),
        (("one", ""), 131008),
        (("one", "line\nbreak"), 132018),
        (("one", "tab\tstop"), 132018),
        (("one", "five     spaces"), 132018),
        (("one", "four    spaces"), None),
        (("one", "x" * 1024), 132005),
    ],
)
def test_positional_values_must_fit(caller: Caller, values: tuple[str, ...], code: int | None) -> None:
    assert caller.code(greeting("+905320000001", *values)) == code


@pytest.mark.parametrize(
    ("components", "code"),
    [
        ((IMAGE, texts(first_name="Ana", code="X"), URL), None),
        ((IMAGE, texts(code="X", first_name="Ana"), URL), None),
        ((IMAGE, texts(first_name="Ana"), URL), 132000),
        ((IMAGE, texts(first_name="Ana", kod="X"), URL), 132012),
        ((texts(first_name="Ana", code="X"), URL), 132000),
        ((IMAGE, texts(first_name="Ana", code="X")), 132000),
        ((texts() | {"type": "header"}, texts(first_name="Ana", code="X"), URL), 132000),
        ((texts(a="b") | {"type": "header"}, texts(first_name="Ana", code="X"), URL), 132012),
        ((IMAGE, texts(first_name="Ana", code="X"), URL, URL | {"index": 7}), 132018),
        ((IMAGE, texts(first_name="Ana", code="X"), URL | {"index": -1}), 131008),
        ((IMAGE, {"type": "footer"}), 132018),
    ],
)
def test_named_values_headers_and_buttons_must_fit(
    caller: Caller, components: tuple[dict[str, Any], ...], code: int | None
) -> None:
    assert caller.code(offer(*components)) == code


def test_a_named_value_for_a_positional_template_is_refused(caller: Caller) -> None:
    body = greeting()
    body["template"]["components"] = [texts(a="x", b="y")]

    assert caller.code(body) == 132012


@pytest.mark.parametrize(("status", "code"), [("PAUSED", 132015), ("DISABLED", 132016), ("REJECTED", 132001)])
def test_a_template_that_is_not_approved_is_refused(
    sandbox: SandboxProcess, caller: Caller, status: str, code: int
) -> None:
    template_id = sandbox.add_template("fresh", "Selam")["id"]
    body = greeting() | {"template": {"name": "fresh", "language": {"code": "tr"}}}

    before = caller.code(body)
    sandbox.control.post(f"/sandbox/templates/{template_id}", json={"status": status})

    assert (before, caller.code(body)) == (None, code)


def test_the_throughput_of_a_number_is_limited_and_is_its_own(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(throughput_per_s=0, throughput_burst=3)
    sandbox.control.post("/sandbox/numbers", json={"id": "3", "display_phone_number": "+90 532 1"})

    first = [caller.code(greeting()) for _ in range(5)]
    second = caller.code(greeting(), number="3")

    assert first == [None, None, None, 130429, 130429]
    assert second is None


def test_a_throttle_may_be_a_429(sandbox: SandboxProcess, caller: Caller) -> None:
    plain = caller.post(greeting("+447700900429")).status_code
    sandbox.knobs(throttle_status=429)

    assert (plain, caller.post(greeting("+447700900429")).status_code) == (400, 429)


@pytest.mark.parametrize(
    ("fault", "status", "code", "accepted"),
    [
        ("http_500", 500, 131000, 0),
        ("http_503", 503, 2, 0),
        ("throttle", 400, 130429, 0),
        ("no_id_after_accept", 200, None, 1),
    ],
)
def test_a_fault_share_of_one_hits_every_send(
    sandbox: SandboxProcess, caller: Caller, fault: str, status: int, code: int | None, accepted: int
) -> None:
    sandbox.knobs(faults={fault: 1})

    response = caller.post(greeting())

    assert (response.status_code, response.json().get("error", {}).get("code")) == (status, code)
    assert sandbox.state()["accepted"] == accepted


def test_an_answer_may_be_cut_in_the_middle_after_the_accept(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(faults={"truncated_after_accept": 1})

    with pytest.raises(httpx.RemoteProtocolError):
        caller.post(greeting())

    assert sandbox.state()["accepted"] == 1
    assert [line["fault"] for line in sandbox.truth("fault")][-1] == "truncated_after_accept"
