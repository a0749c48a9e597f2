import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog

from app.kit import logs


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Every log of the process as parsed lines, configured as in production, and put back afterwards."""
    structlog_before = structlog.get_config()
    root = logging.getLogger()
    handlers, level, show = list(root.handlers), root.level, warnings.showwarning
    stream = io.StringIO()
    logs.configure("INFO", stream)

    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]

    logging.captureWarnings(False)
    warnings.showwarning = show
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structlog_before)
    structlog.contextvars.clear_contextvars()
