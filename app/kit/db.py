"""PostgreSQL: one pool per process, one role, one scope per transaction.

Every transaction starts by saying whose rows it may see. That is also what makes SQLAlchemy really begin:
a raw COPY that came first would commit by itself. A statement that is `alone` means to, and sees nobody's.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

# The connection of one open transaction. Who receives one never commits; who opens one never receives one.
Session = AsyncConnection

COMMAND_TIMEOUT_S = 60.0
LOCK_TIMEOUT = "10s"  # then the statement fails with 55P03
_plan_once = text("SET LOCAL plan_cache_mode = force_generic_plan")
_plan_each = text("SET LOCAL plan_cache_mode = force_custom_plan")


def driver_url(url: str) -> str:
    """The same address, spelled for SQLAlchemy's asyncpg driver."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError("A database address looks like postgresql://login:password@host:5432/name.")
    return f"postgresql+asyncpg://{rest}" if scheme in {"postgres", "postgresql"} else url


class Database:
    """A pool of connections that all act as one role, with one setting that row-level security reads.

    `role` is taken on at connect, so the login's own rights never reach a statement. `hide_parameters`:
    a failing statement must not print what it carried.
    """

    def __init__(self, url: str, *, role: str, schema: str, scope_setting: str, pool_size: int, name: str) -> None:
        self._scope = text("SELECT set_config(:setting, :scope, true)").bindparams(setting=scope_setting)
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_use_lifo=True,  # a few backends do most: their plans and their memory are warm
            pool_pre_ping=False,
            hide_parameters=True,
            connect_args={
                "timeout": 10,
                "command_timeout": COMMAND_TIMEOUT_S,
                "server_settings": {
                    "role": role,
                    "search_path": schema,
                    "application_name": name,
                    "idle_in_transaction_session_timeout": "30s",
                    "lock_timeout": LOCK_TIMEOUT,
                    "jit": "off",
                    "timezone": "UTC",  # times as text are the same everywhere: some of them are hashed
                },
            },
        )

    @asynccontextmanager
    async def begin(self, scope: UUID | None = None) -> AsyncIterator[Session]:
        """Open a transaction that sees the rows of `scope` only; None sees no scoped row at all.

        Commits when the block ends, rolls back when it raises.
        """
        async with self.engine.begin() as session:
            await session.execute(self._scope, {"scope": str(scope) if scope else ""})
            yield session

    async def alone(self, statement: TextClause, parameters: Mapping[str, Any]) -> Any:
        """The one value of a statement that commits by itself, whatever becomes of us then. It sees no scoped row."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return (await connection.execute(statement, parameters)).scalar_one()

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()


async def plan_once(session: Session) -> None:
    """Until this transaction ends, a statement runs by the plan it was given once, whatever its parameters hold.

    For statements that take arrays and look each element up: planned for 200 elements, one may read a table instead,
    and planning costs half of what it does then.
    """
    await session.execute(_plan_once)


async def plan_each(session: Session) -> None:
    """Until this transaction ends, a statement is planned for the arrays it is given.

    For statements that join what they are given with itself: planned for ten elements, whatever comes, they compare
    each of a thousand with each.
    """
    await session.execute(_plan_each)


def is_away(error: BaseException) -> bool:
    """Whether this failure says that the database cannot be reached or takes no one in, and nothing about the work.

    Connection trouble (08), shutting down or starting up (57P), out of connections (53300), not accepting any (55000),
    or no free connection in time.
    """
    if isinstance(error, OSError | PoolTimeout):
        return True
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return error.connection_invalidated or state.startswith(("08", "57P")) or state in {"53300", "55000"}
    return False


def is_busy(error: BaseException) -> bool:
    """Whether the transaction lost against another and may be tried again: deadlock, lock wait, serialisation."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {"40P01", "55P03", "40001"}


async def plain_rows(session: Session, statement: TextClause, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """A statement's rows as the driver made them: for thousands at once, where wrapping each costs as much again."""
    result = await session.execute(statement, parameters)
    assert result.cursor is not None
    return result.cursor.fetchall()


async def driver(session: Session) -> "asyncpg.Connection[Any]":
    """The asyncpg connection under an open transaction, for COPY."""
    raw = await session.get_raw_connection()
    connection: asyncpg.Connection[Any] | None = raw.driver_connection
    assert connection is not None
    return connection
