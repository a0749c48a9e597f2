"""The control rooms' desk with the routes of consents added, and a tenant that has shown people a notice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.consents import api as consents
from tests.rooms.consents.build import Shop, open_shop
from tests.rooms.desk import Desk, open_desk

if TYPE_CHECKING:
    from tests.conftest import TestDatabase


@pytest.fixture
async def desk(module_database: TestDatabase) -> AsyncIterator[Desk]:
    async with open_desk(module_database.url) as opened:
        opened.app.include_router(consents.router)
        yield opened


@pytest.fixture
async def shop(desk: Desk) -> Shop:
    return await open_shop(desk)
