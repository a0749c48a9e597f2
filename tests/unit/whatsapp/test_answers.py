"""From the bytes of an answer to its outcome."""

from __future__ import annotations

import json

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.kit.metrics import metrics
from app.whatsapp import answers
from app.whatsapp.answers import read_answer
from app.whatsapp.codes import ErrorClass
from app.whatsapp.outcomes import Accepted, Deferred, Halted, Outcome, Rejected, Uncertain
from tests.unit.whatsapp.generated import json_values, patiently


def graph_error(code: object, **more: object) -> bytes:
    return json.dumps({"error": {"message": "(#1) text", "type": "OAuthException", "code": code, **more}}).encode()


def accepted(**message: object) -> bytes:
    contacts = [{"input": "+15550100001", "wa_id": "15550100001"}]
    return json.dumps({"messaging_product": "whatsapp", "contacts": contacts, "messages": [message]}).encode()


CASES: dict[str, tuple[int, bytes, Outcome]] = {
    "accepted": (
        200,
        accepted(id="wamid.A", message_status="accepted"),
        Accepted("wamid.A", "15550100001", False),
    ),
    "free text": (200, accepted(id="wamid.A"), Accepted("wamid.A", "15550100001", False)),
    "201": (201, accepted(id="wamid.A"), Accepted("wamid.A", "15550100001", False)),
    "held": (
        200,
        accepted(id="wamid.A", message_status="held_for_quality_assessment"),
        Accepted("wamid.A", "15550100001", True),
    ),
    "paused": (
        200,
        accepted(id="wamid.A", message_status="paused"),
        Accepted("wamid.A", "15550100001", True),
    ),
    "a status of the future": (
        200,
        accepted(id="wamid.A", message_status="celebrated"),
        Accepted("wamid.A", "15550100001", False),
    ),
    "to a user id": (
        200,
        b'{"contacts":[{"input":"US.1","user_id":"US.1"}],"messages":[{"id":"wamid.A"}]}',
        Accepted("wamid.A", None, False),
    ),
    "no id": (200, accepted(), Accepted(None, "15550100001", False)),
    "an id of the wrong type": (200, accepted(id=7), Accepted(None, "15550100001", False)),
    "an id with a line break": (200, accepted(id="wamid.A\n"), Accepted(None, "15550100001", False)),
    "an empty object": (200, b"{}", Accepted(None, None, False)),
    "messages that are no list": (200, b'{"messages":{"id":"wamid.A"}}', Accepted(None, None, False)),
    "error under 200": (200, graph_error(190), Halted(190, "credentials")),
    "token": (401, graph_error(190, fbtrace_id="AbC-_1"), Halted(190, "credentials")),
    "throughput as 400": (400, graph_error(130429), Deferred(130429, 2, "sender")),
    "throughput as 429": (429, graph_error(130429), Deferred(130429, 2, "sender")),
    "throughput as 500": (500, graph_error(130429), Deferred(130429, 2, "sender")),
    "pair rate": (400, graph_error(131056), Deferred(131056, 6, "recipient", 5)),
    "maintenance": (500, graph_error(131057), Deferred(131057, 60, "sender")),
    "template missing": (404, graph_error(132001), Halted(132001, "template")),
    "not on WhatsApp": (400, graph_error(131026), Rejected(131026, ErrorClass.NEVER_RECIPIENT)),
    "details as a string": (400, graph_error(100, error_data="text"), Rejected(100, ErrorClass.FIX)),
    "unknown code": (400, graph_error(999_999), Rejected(999_999, ErrorClass.UNKNOWN)),
    "unknown code, 5xx": (500, graph_error(999_999), Uncertain("meta_unsure", 999_999)),
    "something went wrong": (500, graph_error(131000), Uncertain("meta_unsure", 131000)),
    "service down": (503, graph_error(2), Uncertain("meta_unsure", 2)),
    "refused, though it says fault": (400, graph_error(131000), Deferred(131000, 30, "sender", 5)),
    "code as text": (400, graph_error("190"), Uncertain("http_400")),
    "code as bool": (400, graph_error(True), Uncertain("http_400")),
    "no code": (400, b'{"error":{"message":"no"}}', Uncertain("http_400")),
    "error and 200, no code": (200, b'{"error":"no"}', Uncertain("http_200")),
    "empty object, 400": (400, b"{}", Uncertain("http_400")),
    "moved": (301, b"", Uncertain("http_301")),
    "HTML": (504, b"<html>", Uncertain("http_504")),
    "empty 204": (204, b"", Uncertain("answer_unreadable")),
    "a number": (200, b"1", Uncertain("answer_unreadable")),
    "not a number": (200, b'{"a":NaN}', Uncertain("answer_unreadable")),
}


@pytest.mark.parametrize("name", CASES)
def test_an_answer_has_its_outcome(name: str) -> None:
    status, raw, wanted = CASES[name]

    outcome = read_answer(status, raw)

    assert wanted == outcome


def test_what_meta_says_about_a_person_reaches_neither_outcome_nor_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = structlog.testing.CapturingLogger()
    # A logger of its own, because another test may have set up the whole process's logging for good.
    monkeypatch.setattr(answers, "log", structlog.wrap_logger(written, processors=[]))
    told = graph_error(131026, error_data={"details": "to +905321234567"}, fbtrace_id="trace +905321234567")

    outcome = read_answer(400, told.replace(b"text", b"+905321234567"))

    facts = {"event": "whatsapp.refused", "code": 131026, "http_status": 400, "trace": None}
    assert [("info", facts)] == [(call.method_name, call.kwargs) for call in written.calls]
    assert "5321234567" not in repr((outcome, written.calls))


@pytest.mark.parametrize(("code", "alerts"), [(987_654, 1), (131000, 0), (2, 0)])
def test_an_unknown_code_of_a_broken_server_is_alerted_and_counted(
    monkeypatch: pytest.MonkeyPatch, code: int, alerts: int
) -> None:
    written = structlog.testing.CapturingLogger()
    monkeypatch.setattr(answers, "log", structlog.wrap_logger(written, processors=[]))
    before = unsure_codes()

    read_answer(503, graph_error(code))

    told = [call.kwargs for call in written.calls if call.method_name == "error"]
    assert [{"event": "whatsapp.unknown_code", "code": code, "http_status": 503}] * alerts == told
    assert alerts == unsure_codes() - before


def unsure_codes() -> float:
    return metrics.registry.get_sample_value("toplu_whatsapp_unknown_codes_unsure_total") or 0.0


@patiently
@given(status=st.integers(100, 599), raw=st.binary(max_size=200))
def test_no_bytes_make_it_raise_or_believe(status: int, raw: bytes) -> None:
    outcome = read_answer(status, raw)

    assert isinstance(outcome, Accepted | Uncertain)
    assert isinstance(outcome, Uncertain) or status // 100 == 2


@patiently
@given(
    status=st.integers(100, 599),
    answer=st.fixed_dictionaries({}, optional={"error": json_values, "messages": json_values, "contacts": json_values}),
)
def test_no_json_makes_it_raise(status: int, answer: dict[str, object]) -> None:
    outcome = read_answer(status, json.dumps(answer).encode())

    assert isinstance(outcome, Outcome)
