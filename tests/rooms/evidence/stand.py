"""A house without a worker, and a sealer in the hand of the test."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.evidence.seal import seal_page
from app.runtime import Runtime
from tests.house import House


@dataclass(slots=True)
class Stand:
    """The house, and what a worker would seal with."""

    house: House
    run: Runtime = field(repr=False)

    @property
    def tenant(self) -> UUID:
        return self.house.tenant.id

    async def seal(self) -> int:
        """Seal until nothing is left that may be sealed now. How many links."""
        sealed = 0
        while page := await seal_page(self.run, self.tenant):
            sealed += page
        return sealed

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What the worker's role sees of the tenant."""
        async with self.run.db.begin(self.tenant) as session:
            return list(await session.execute(text(statement), values))


def stand_in(house: House, worker_db: Any) -> Stand:
    """The same runtime, acting as the worker's role."""
    return Stand(house, replace(house.run, db=worker_db))
