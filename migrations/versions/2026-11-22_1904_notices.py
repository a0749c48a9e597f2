"""Notices and their versions."""

from run_sql import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("notices")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
