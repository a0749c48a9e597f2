"""A house in which time passes: business time shifted, rows counted, rules chosen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.runtime import Runtime, open_runtime
from tests.conftest import TestDatabase
from tests.house import House


@asynccontextmanager
async def working(house: House) -> AsyncIterator[Runtime]:
    async with open_runtime(house.settings, "worker") as run:
        yield run


async def shift(database: TestDatabase, days: int) -> None:
    """Business time runs this many days ahead."""
    await admin(database, f"UPDATE toplu.business_clock SET shift = interval '{days} days'")


async def admin(database: TestDatabase, statement: str) -> list[Any]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def count(database: TestDatabase, table: str, where: str = "true") -> int:
    (row,) = await admin(database, f"SELECT count(*) AS n FROM toplu.{table} WHERE {where}")
    return int(row["n"])


async def sent(house: House, *phones: str, client: Any = None, **more: Any) -> str:
    """A batch that is over, whose messages have a reference each. Its id."""
    await house.consent(*phones)
    rows = [{"to": to, "variables": {"first_name": "Ayşe"}, "reference": f"order-{to[-3:]}"} for to in phones]
    batch = await house.send(recipients=rows, **more)
    await house.until_settled(batch["id"])
    return str(batch["id"])


async def choose(house: House, *rules: dict[str, Any]) -> Any:
    return await house.client.put("/v1/retention-rules", json={"rules": list(rules)})


FULL = "num_nonnulls(variables_ct, reference) > 0"
