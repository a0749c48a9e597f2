"""Tenants, keys, API keys, idempotency, audit."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("tenants")
