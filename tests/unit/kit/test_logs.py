import logging
import warnings
from collections.abc import Callable

import pytest
import structlog

from app.kit.logs import bind, clear, mask

Lines = Callable[[], list[dict[str, object]]]
CANARY = "+905321234567"
log = structlog.get_logger()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"to {CANARY}.", "to +***."),
        ("to 905321234567", "to ***"),
        ("?to=%2B905321234567&x=1", "?to=+***&x=1"),
        ("Key (phone)=(+905321234567) exists", "Key (phone)=(+***) exists"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("token EAAGm0PX4ZCpsBAK", "token EAA***"),
        ("tpl_live_abc_DEF123 and tpl_test_xyz", "tpl_live_*** and tpl_test_***"),
        ("redis://:geheim@127.0.0.1:6379", "redis://***@127.0.0.1:6379"),
        ("postgresql://app:geheim@db/toplu", "postgresql://***@db/toplu"),
    ],
)
def test_what_must_not_be_logged_is_masked(said: str, kept: str) -> None:
    assert kept == mask(said)


@pytest.mark.parametrize(
    "said",
    [
        "0188bac7-4afa-78aa-bc3b-123456789012",
        "req_01h2xcejqtf2nbrexx3vqjhp41",
        "2026-11-22T19:11:08.828640Z",
        "took 1234.567890123 s",
        "error 131049",
        "http://127.0.0.1:8000/v1",
    ],
)
def test_ids_times_and_codes_are_left_alone(said: str) -> None:
    assert said == mask(said)


def test_a_line_is_json_with_time_level_event_and_what_was_bound(log_lines: Lines) -> None:
    bind(request_id="req_1")
    log.info("room.happened", size=3)
    clear()
    log.warning("room.healed")

    first, second = log_lines()
    assert ("room.happened", "info", 3, "req_1") == tuple(
        first[key] for key in ("event", "level", "size", "request_id")
    )
    assert str(first["timestamp"]).endswith("Z")
    assert "request_id" not in second


def test_the_canary_is_in_no_line_however_it_is_said(log_lines: Lines) -> None:
    class Speaking:
        def __str__(self) -> str:
            return f"I am {CANARY}"

    log.info("a.b", to=CANARY, deep={"x": [{CANARY: (CANARY, Speaking())}]}, raw=CANARY.encode())
    log.info(f"a.{CANARY}")
    logging.getLogger("sqlalchemy.engine").warning("row %s", CANARY)
    logging.getLogger("uvicorn.error").error("row %(to)s", {"to": CANARY})
    try:
        local = CANARY
        raise ValueError(f"cannot read {local}")
    except ValueError:
        log.exception("a.failed")
        logging.getLogger("asyncio").exception("failed")

    lines = log_lines()
    assert 6 == len(lines)
    assert "905321234567" not in str(lines)
    assert "ValueError: cannot read +***" in str(lines[4]["exception"])
    assert "ValueError: cannot read +***" in str(lines[5]["exception"])


def test_values_under_secret_names_are_never_shown(log_lines: Lines) -> None:
    log.info("a.b", password="geheim", deep={"Authorization": "geheim", "size": 1})

    assert {"password": "***", "deep": {"Authorization": "***", "size": 1}}.items() <= log_lines()[0].items()


def test_httpx_and_arq_are_heard_from_warning_on(log_lines: Lines) -> None:
    for name in ("httpx", "arq.worker", "httpcore.http11"):
        logging.getLogger(name).info("GET https://host/?token=geheim")
        logging.getLogger(name).warning("broken")
    logging.getLogger("uvicorn.access").info('"GET /?to=1 HTTP/1.1" 200')
    logging.getLogger("uvicorn.access").error('"GET /?to=1 HTTP/1.1" 200')

    assert ["broken"] * 3 == [line["event"] for line in log_lines()]


def test_a_warning_becomes_a_line_and_odd_values_do_not_break_it(log_lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(False)  # pytest put its own catcher over the one of `configure`
        logging.captureWarnings(True)
        warnings.warn("old thing", stacklevel=1)
    log.info("a.b", broken="\ud800", number=float("inf"), nothing=None)
    nest: list[object] = []
    nest.append(nest)
    log.info("a.c", loop=nest)

    assert ["py.warnings", None, None] == [line.get("logger") for line in log_lines()]
