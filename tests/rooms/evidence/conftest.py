from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.runtime import open_database
from tests.house import House
from tests.rooms.evidence.stand import Stand, stand_in


@pytest.fixture
async def stand(api_only: House) -> AsyncIterator[Stand]:
    db = open_database(api_only.settings, "worker")
    yield stand_in(api_only, db)
    await db.close()
