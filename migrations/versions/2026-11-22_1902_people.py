"""People and aliases."""

from run_sql import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("people")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
