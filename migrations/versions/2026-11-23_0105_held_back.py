"""People to whom WhatsApp wants no marketing for a day."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("held_back")
