"""Real servers out of wheels: PostgreSQL 18 and Valkey 9, started, guarded and stopped by us.

For a first run and for tests, so that both use the servers that production uses.
Owns one data directory per server and nothing outside it. As root the servers run under an unprivileged
account. Needs the `embedded` extra (the wheels carry the programs); all else here is the standard
library and structlog. Linux kills the servers when the program that started them dies, however it dies.

Shows: `Postgres`, `Valkey`, `ServerError`, `make_data_dir`, `default_data_dir`, `throwaway_data_dir`,
`FAST_AND_FORGETFUL`.
"""

from app.kit.servers.directory import default_data_dir, make_data_dir, throwaway_data_dir
from app.kit.servers.errors import ServerError
from app.kit.servers.postgres import FAST_AND_FORGETFUL, Postgres
from app.kit.servers.valkey import Valkey

__all__ = [
    "FAST_AND_FORGETFUL",
    "Postgres",
    "ServerError",
    "Valkey",
    "default_data_dir",
    "make_data_dir",
    "throwaway_data_dir",
]
