"""Tables that have grown get their statistics at once, and not when autovacuum finds the time."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("statistics")
