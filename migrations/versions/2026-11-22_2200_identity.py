"""Identity: one person, many aliases; the gate that follows."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("identity")
