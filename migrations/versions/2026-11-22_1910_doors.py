"""Crossing functions take their owner; first partitions."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("doors")
