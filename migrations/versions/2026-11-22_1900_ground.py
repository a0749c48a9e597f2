"""The ground: tenant setting, ids, business time, append-only guard, partitions."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("ground")
