from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.unit.kit.http.things import make_app


@pytest.fixture(autouse=True)
def logs_as_in_production(log_lines: Any) -> None:
    """Structlog's own default draws tracebacks with rich, which takes seconds and shows local variables."""


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://things") as client:
        yield client
