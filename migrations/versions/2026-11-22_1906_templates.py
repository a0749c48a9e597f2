"""Templates and what they may carry."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("templates")
