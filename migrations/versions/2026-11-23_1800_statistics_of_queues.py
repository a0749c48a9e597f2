"""A queue that was emptied and is filled again gets new statistics as soon as a table that grew."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("statistics_of_queues")
