"""The purpose registry."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("purposes")
