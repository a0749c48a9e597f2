"""Health tells the truth: what is away is named, and only the database's absence makes us not ready."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from jsonschema import Draft202012Validator

from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house

pytestmark = pytest.mark.anyio


async def ready(house: House, status: int) -> dict[str, Any]:
    """The report, as soon as it has that status: an older one is remembered for a second."""
    for _ in range(200):
        answer = await house.client.get("/readyz")
        if answer.status_code == status:
            body: dict[str, Any] = answer.json()
            return body
        await asyncio.sleep(0.05)
    raise AssertionError(f"never {status}; last: {answer.text}")


async def allow_connections(database: TestDatabase, servers: Servers, *, allowed: bool) -> None:
    """Take the database away from everybody but the superuser, or give it back."""
    admin = await asyncpg.connect(servers.admin())
    await admin.execute(f"ALTER DATABASE {database.name} WITH ALLOW_CONNECTIONS {str(allowed).lower()}")
    if not allowed:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database.name)
    await admin.close()


async def test_health_needs_no_key_and_looks_as_it_is_documented(shop: House, document: Any) -> None:
    schema = {"$ref": "#/components/schemas/HealthBody", "components": document["components"]}

    for path in ("/livez", "/readyz", "/startupz"):
        answer = await shop.client.get(path, headers={"authorization": ""})
        assert (200, "application/health+json") == (answer.status_code, answer.headers["content-type"])
        Draft202012Validator(schema).validate(answer.json())


async def test_a_missing_worker_is_told_and_does_not_make_us_unready(shop: House) -> None:
    body = await ready(shop, 200)

    states = {name: (found[0]["status"], found[0]["critical"]) for name, found in body["checks"].items()}
    assert "warn" == body["status"]
    assert {
        "database": ("pass", True),
        "bells": ("pass", False),
        "workers": ("fail", False),
        "sending": ("pass", False),
    } == states


async def test_without_the_database_we_live_and_are_not_ready_until_it_is_back(
    api_only: House, database: TestDatabase, servers: Servers
) -> None:
    await ready(api_only, 200)
    await allow_connections(database, servers, allowed=False)

    away = await ready(api_only, 503)
    alive = await api_only.client.get("/livez")
    await allow_connections(database, servers, allowed=True)
    back = await ready(api_only, 200)

    assert ("fail", "fail") == (away["status"], away["checks"]["database"][0]["status"])
    assert (200, "pass") == (alive.status_code, alive.json()["status"])
    assert "pass" == back["checks"]["database"][0]["status"]
    assert database.name not in str(away)


async def test_without_valkey_we_are_ready_and_say_so(servers: Servers, database: TestDatabase, tmp_path: Path) -> None:
    nobody = "redis://127.0.0.1:9/0"
    async with open_house(database.url, nobody, tmp_path, worker=False, sandbox=False, furnished=False) as house:
        body = await ready(house, 200)

    assert ("warn", "fail") == (body["status"], body["checks"]["bells"][0]["status"])


async def test_metrics_count_requests_by_template_and_hold_no_address(shop: House) -> None:
    line = 'toplu_http_requests_total{method="GET",route="/v1/batches/{batch_id}",status="4xx"} '

    async def counted() -> float:
        answer = await shop.client.get("/metrics", headers={"authorization": ""})
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert "bat_" not in answer.text
        return float(next((said for said in answer.text.splitlines() if said.startswith(line)), "0").split()[-1])

    before = await counted()
    await shop.client.get("/v1/batches/bat_01h455vb4pex5vsknk084sn02q")

    assert before + 1 == await counted()
