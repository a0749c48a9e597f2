"""Batches, messages, dispatch, outcomes, delivery log."""

from run_sql import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("dispatch")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
