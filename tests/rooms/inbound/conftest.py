from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.rooms.inbound.stand import Stand, open_stand

if TYPE_CHECKING:
    from tests.conftest import TestDatabase


@pytest.fixture
async def stand(module_database: TestDatabase) -> AsyncIterator[Stand]:
    async with open_stand(module_database.url, module_database.admin_url) as opened:
        yield opened
