"""The ground: tenant setting, ids, business time, append-only guard, partitions."""

from run_sql import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("ground")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
