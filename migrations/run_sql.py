"""Run one .sql file of this folder inside the migration's transaction."""

from pathlib import Path

from alembic import context, op
from sqlalchemy.util import await_only

HERE = Path(__file__).parent / "sql"


class OnlyForward(Exception):
    """Migrations only go forward: what a downgrade would drop is evidence. Restore a backup to go back."""


def downgrade() -> None:
    """Every revision's way back: refused, always, and for the reason that OnlyForward gives."""
    raise OnlyForward(OnlyForward.__doc__)


def run_sql(name: str) -> None:
    """Execute `sql/<name>.sql`, which may hold many statements.

    asyncpg prepares what SQLAlchemy sends and a prepared statement is one statement, so the file goes through the
    driver's own `execute`. The SET before it makes SQLAlchemy begin the transaction: a raw statement that came
    first would commit by itself.
    """
    statements = (HERE / f"{name}.sql").read_text(encoding="utf-8")
    op.execute("SET LOCAL lock_timeout = '2s'")
    if context.is_offline_mode():
        op.execute(statements)
        return
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    await_only(driver.execute(statements))
