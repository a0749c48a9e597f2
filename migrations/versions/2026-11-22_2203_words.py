"""Notices in blocks, acknowledgements, terms and their acceptance."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("words")
