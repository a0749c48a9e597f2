"""The ledger, its projection, suppressions and the gate."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("consents")
