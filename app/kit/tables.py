"""The one MetaData of all tables, so that one comparison sees code and migrations drift apart."""

from sqlalchemy import TIMESTAMP, Boolean, Column, Interval, MetaData, Table, Text

# Without a schema name: the connection's search_path says where the tables are.
metadata = MetaData()

# Which workers are alive.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
)

# Shifts business time, in test databases only.
business_clock = Table(
    "business_clock",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("shift", Interval, nullable=False),
)
