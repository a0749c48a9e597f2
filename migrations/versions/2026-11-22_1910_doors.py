"""Crossing functions take their owner; first partitions."""

from run_sql import run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("doors")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
