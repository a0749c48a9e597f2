"""Registers, and what is due."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("registers")
