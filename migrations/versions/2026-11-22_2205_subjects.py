"""A person's requests, and destruction runs."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("subjects")
