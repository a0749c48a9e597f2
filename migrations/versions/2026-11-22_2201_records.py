"""What a consent record holds, and bulk imports of them."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("records")
