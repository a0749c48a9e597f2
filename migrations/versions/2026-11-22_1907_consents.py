"""The ledger, its projection, suppressions and the gate."""

from run_sql import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("consents")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
