"""${message}

Revision: ${up_revision} (after ${down_revision | comma,n})
"""

from alembic import op
from run_sql import downgrade

__all__ = ["downgrade", "upgrade"]

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    ${upgrades if upgrades else "..."}
