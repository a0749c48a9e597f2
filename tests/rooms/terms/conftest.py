"""A desk of each test's own, because the operator's documents are the same for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.terms import api as terms
from tests.rooms.desk import Desk, open_desk

if TYPE_CHECKING:
    from tests.conftest import TestDatabase


@pytest.fixture
async def desk(database: TestDatabase) -> AsyncIterator[Desk]:
    async with open_desk(database.url) as opened:
        opened.app.include_router(terms.router)
        yield opened


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection that looks under the roles, and may move the business clock."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("SET search_path = toplu")
    yield connection
    await connection.close()
