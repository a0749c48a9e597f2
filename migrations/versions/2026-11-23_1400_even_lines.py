"""How many lines each worker drains is asked over all tenants, so that workers can share them evenly."""

from run_sql import downgrade, run_sql

__all__ = ["downgrade", "upgrade"]

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("even_lines")
