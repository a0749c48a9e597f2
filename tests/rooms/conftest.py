"""The desk of the control rooms, on a database of the module's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.rooms.desk import Desk, open_desk

if TYPE_CHECKING:
    from tests.conftest import TestDatabase


@pytest.fixture
async def desk(module_database: TestDatabase) -> AsyncIterator[Desk]:
    async with open_desk(module_database.url) as opened:
        yield opened
