"""Batches, messages, dispatch, outcomes, delivery log."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("dispatch")
