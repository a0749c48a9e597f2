"""Logs: one JSON object per line on stdout, and a last filter that takes out what must not be there.

Everything goes through here, also what uvicorn, arq, SQLAlchemy, httpx and asyncio say by way of the standard
library. `log.info("room.what_happened", key=value)`; standing keys are bound at the door with `bind` and
dropped with `clear`. The filter is the last wall, not the first: whoever logs still leaves personal data out.
httpx and arq are heard from WARNING on only, because their INFO lines carry whole URLs and job arguments;
alembic too, because it tells of each of its plugins.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars as bind
from structlog.contextvars import clear_contextvars as clear
from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["bind", "clear", "configure", "deny", "mask"]

# What must not be in a log, in the order it is looked for. Bare runs of 10 to 15 digits are numbers written
# without their plus; as part of a longer word (a UUID, a decimal) they are left alone.
DENIED = (
    (re.compile(r"(?i)\bBearer\s+[^\s\"',;]+"), "Bearer ***"),
    (re.compile(r"tpl_(live|test)_\w+"), r"tpl_\1_***"),
    (re.compile(r"\bEAA\w{4,}"), "EAA***"),
    (re.compile(r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)"), "***"),
    (re.compile(r"(?i)(\+|%2B)\d{8,15}"), "+***"),
    (re.compile(r"(?<![\w.-])\d{10,15}(?![\w-]|\.\d)"), "***"),
)
# A value under one of these names is never shown, whatever it looks like.
DENIED_KEYS = frozenset(
    {
        "authorization",
        "cookie",
        "password",
        "phone",
        "secret",
        "token",
        "access_token",
        "api_key",
        "master_key",
    }
)
HEARD_FROM_WARNING = ("httpx", "httpcore", "arq", "hpack", "aiohttp.access", "alembic")
ROUTED = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.asgi",
    "gunicorn.error",
    "sqlalchemy",
    "asyncio",
    *HEARD_FROM_WARNING,
)
DEEPEST = 8


def mask(text: str) -> str:
    """The text without phone numbers, bearer tokens, keys and passwords in URLs."""
    for pattern, instead in DENIED:
        text = pattern.sub(instead, text)
    return text


def deny(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last processor before rendering: `mask` on every string, however deep, keys included."""
    return {_key(key): _clean(value, 0) if not _denied(key) else "***" for key, value in event.items()}


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log of this process to `stream` (stdout) as JSON lines. The last call counts."""
    out = stream or sys.stdout
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # format_exc_info writes the plain traceback: no local variables in it.
    last: list[Processor] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        deny,
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,  # so that tests can capture and a second call counts
    )
    _route_standard_library(level, out, [*shared, structlog.stdlib.add_logger_name], last)


def _route_standard_library(level: str, out: TextIO, shared: list[Processor], last: list[Processor]) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ROUTED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in HEARD_FROM_WARNING:
        logging.getLogger(name).setLevel(logging.WARNING)
    # uvicorn's access line holds the query string; app.kit.http.middleware writes ours instead.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    access.setLevel(logging.CRITICAL)
    logging.captureWarnings(True)


def _denied(key: object) -> bool:
    return isinstance(key, str) and key.lower() in DENIED_KEYS


def _key(key: object) -> str:
    return mask(str(key))


def _clean(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return mask(value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {_key(k): "***" if _denied(k) else _clean(v, depth + 1) for k, v in value.items()}
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, depth + 1) for item in value]
    return mask(str(value))


def _to_json(event: object, **_ignored: object) -> str:
    return json.dumps(event, separators=(",", ":"), default=str)
