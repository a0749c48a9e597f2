"""Raw webhooks and inbound messages."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("inbound")
