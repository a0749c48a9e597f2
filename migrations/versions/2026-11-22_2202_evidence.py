"""Proof: chain links, checkpoints, decision roots."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("evidence")
