"""Opt-ins begun by the person, and what waits for a human eye."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("optins")
