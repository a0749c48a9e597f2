"""What a second look at the proof found."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("proof_review")
