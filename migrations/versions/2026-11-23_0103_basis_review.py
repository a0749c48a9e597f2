"""What a second look at consent found."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("basis_review")
