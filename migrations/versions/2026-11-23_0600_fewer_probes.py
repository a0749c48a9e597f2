"""Whose rows a statement may see is asked once per statement, and each person once."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("fewer_probes")
