"""Notices and their versions."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("notices")
