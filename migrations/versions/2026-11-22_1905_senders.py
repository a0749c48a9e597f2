"""Senders and their lines."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("senders")
