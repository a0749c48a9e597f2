"""The 24 purposes."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("seed_purposes")
