"""How fast a number, a pair of people and an account may speak."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("pacing")
