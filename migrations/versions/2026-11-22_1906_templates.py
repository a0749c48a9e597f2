"""Templates and what they may carry."""

from run_sql import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("templates")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
