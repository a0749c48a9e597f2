"""Tenants, keys, API keys, idempotency, audit."""

from run_sql import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("tenants")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
