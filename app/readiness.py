"""What readiness asks the database, and which schema this code expects."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from app.runtime import Runtime
from app.senders.guard import find_guarded

_migrated = text("SELECT version_num FROM alembic_version")
_seen = text("SELECT (SELECT max(version_num) FROM alembic_version) AS revision, clock_timestamp() AS now")
_workers = text("SELECT count(*) FROM heartbeats WHERE seen_at > clock_timestamp() - interval '30 s'")
_REVISION = re.compile(r'^revision = "(\d+)"$', re.MULTILINE)


PACKAGE = Path(__file__).resolve().parent


class NoMigrations(Exception):
    """This installation carries no migrations."""


def find_migrations() -> Path:
    """The folder of the migrations: inside the package where it was installed, beside it in the source."""
    for folder in (PACKAGE / "_migrations", PACKAGE.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise NoMigrations


def newest_revision() -> str | None:
    """The revision that this version of the code expects. Revisions are numbers with leading zeros.

    Read from the files: asking alembic for it would keep 10 MB of alembic in every process (2026-11).
    """
    files = (find_migrations() / "versions").glob("*.py")
    return max((found for file in files for found in _REVISION.findall(file.read_text("utf-8"))), default=None)


class Quarantined(Exception):
    """This database was restored: nothing is sent until `toplu restore-guard release`."""


class NotYet(Exception):
    """What was asked for is not there (yet)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the database told: its schema's revision, and its clock."""

    revision: str
    now: datetime


async def see_database(run: Runtime) -> Seen:
    """Look at the database as this door's role. Raises what the driver raises when there is nothing to see."""
    async with run.db.begin() as session:
        row = (await session.execute(_seen)).one()
    return Seen(row.revision, row.now)


async def check_database(run: Runtime, expected: str | None) -> dict[str, str]:
    """The database answers and is migrated to the revision this code expects.

    Raises NotYet while it is not. A database that is ahead is ready: migrations suit the code that is already running.
    """
    async with run.db.begin() as session:
        found = await session.scalar(_migrated)
    if found is None or (expected is not None and found < expected):
        raise NotYet
    return {"revision": str(found)}


async def check_bells(run: Runtime) -> dict[str, int]:
    """Valkey answers; without it workers find their work by polling. Raises NotYet."""
    if not await run.bells.answers():
        raise NotYet
    return {"lost": run.bells.lost}


async def check_guard(run: Runtime) -> dict[str, int]:
    """This database may send. Raises Quarantined when it was restored and is not released."""
    guarded = await find_guarded(run)
    if not guarded.allowed:
        raise Quarantined
    return {"epoch": guarded.epoch}


async def check_workers(run: Runtime) -> dict[str, int]:
    """A worker said in the last 30 seconds that it lives. Raises NotYet when none did."""
    async with run.db.begin() as session:
        workers = int(await session.scalar(_workers) or 0)
    if not workers:
        raise NotYet
    return {"workers": workers}
