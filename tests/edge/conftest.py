"""The document of the whole edge, as code and as the committed file."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.main import create_app
from app.settings import Settings
from tests.conftest import Servers, TestDatabase
from tests.edge.operations import Operation, operations_of
from tests.house import House, open_house

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def unserved() -> FastAPI:
    """The application, not running: enough to ask it for its document."""
    return create_app(
        Settings(database_url=SecretStr("postgresql://nowhere/toplu"), redis_url=SecretStr("redis://nowhere"))
    )


@pytest.fixture(scope="session")
def document(unserved: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(unserved.openapi()))
    return found


@pytest.fixture(scope="session")
def operations(document: dict[str, Any]) -> list[Operation]:
    return operations_of(document)


@pytest.fixture(scope="module")
async def shop(
    servers: Servers, module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """HTTP around one database for all tests of a module, which only add and read."""
    place = tmp_path_factory.mktemp("shop")
    async with open_house(module_database.url, servers.valkey.url, place, worker=False, sandbox=False) as opened:
        yield opened
