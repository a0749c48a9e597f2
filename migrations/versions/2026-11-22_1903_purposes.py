"""The purpose registry."""

from run_sql import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("purposes")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
