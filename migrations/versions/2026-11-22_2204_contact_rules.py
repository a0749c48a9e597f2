"""When a person may be written to: quiet hours, frequency caps; what a template says."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("contact_rules")
