"""The table of this room, as the migrations make it."""

from sqlalchemy import TIMESTAMP, Boolean, Column, Integer, Table

from app.kit.tables import metadata

# The last count over all tenants, in one row.
duty_rounds = Table(
    "duty_rounds",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("counted_at", TIMESTAMP(timezone=True), nullable=False),
    Column("told_at", TIMESTAMP(timezone=True), nullable=False),
    Column("overdue", Integer, nullable=False),
    Column("warning", Integer, nullable=False),
)
