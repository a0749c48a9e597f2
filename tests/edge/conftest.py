"""The document of the whole edge, as code and as the committed file."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.main import create_app
from app.settings import Settings
from tests.edge.operations import Operation, operations_of

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
