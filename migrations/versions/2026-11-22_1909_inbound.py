"""Raw webhooks and inbound messages."""

from run_sql import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("inbound")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward; restore a backup to go back.")
