"""The 24 purposes."""

from run_sql import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("seed_purposes")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
