"""Tables that have grown are analyzed one by one."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("one_table_at_a_time")
