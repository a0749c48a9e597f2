"""What went wrong with a batch, and what happens then."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("faults")
