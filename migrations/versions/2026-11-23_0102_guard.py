"""What a restored database has to be told before it sends."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("guard")
