"""Senders and their lines."""

from run_sql import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("senders")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
