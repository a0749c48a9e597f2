"""The servers under `toplu up`: real PostgreSQL and Valkey from wheels, or the ones the environment names."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field

from app.cli.place import Place
from app.kit.servers import Postgres, Valkey

DATABASE = "toplu"
# Three logins that own nothing of the superuser's; each may take on just the roles of its door.
LOGINS = {
    "toplu_migrate": ("toplu_owner", "toplu_api", "toplu_worker", "toplu_crossing"),
    "toplu_api_login": ("toplu_api",),
    "toplu_worker_login": ("toplu_worker",),
}
ROLES = LOGINS["toplu_migrate"]


@dataclass(frozen=True, slots=True)
class Servers:
    """What was started, and how each door (`api`, `worker`, `migrate`) reaches its servers, as settings."""

    addresses: dict[str, dict[str, str]] = field(repr=False)
    started: tuple[Postgres | Valkey, ...]

    def find_ended(self) -> Postgres | Valkey | None:
        """A server of ours that ended by itself, or None."""
        return next((server for server in self.started if not server.running), None)


def start_servers(place: Place, stack: ExitStack) -> Servers:
    """Start what the environment does not name; the stack stops it again. Raises ServerError."""
    started: list[Postgres | Valkey] = []
    named, redis = os.environ.get("TOPLU_DATABASE_URL"), os.environ.get("TOPLU_REDIS_URL")
    if named:
        migrate = os.environ.get("TOPLU_MIGRATION_DATABASE_URL", named)
        urls = {"api": named, "worker": named, "migrate": migrate}
    else:
        postgres = stack.enter_context(Postgres.start(place.path / "postgres"))
        started.append(postgres)
        _prepare(postgres)
        logins = {"api": "toplu_api_login", "worker": "toplu_worker_login", "migrate": "toplu_migrate"}
        urls = {door: postgres.url(DATABASE, login) for door, login in logins.items()}
    if not redis:
        valkey = stack.enter_context(Valkey.start(place.path / "valkey"))
        started.append(valkey)
        redis = valkey.url
    addresses = {door: {"TOPLU_DATABASE_URL": url, "TOPLU_REDIS_URL": redis} for door, url in urls.items()}
    return Servers(addresses, tuple(started))


def _prepare(postgres: Postgres) -> None:
    """Make roles, logins and the database, each if it is missing: a killed first start is made whole."""
    roles = set(postgres.sql("SELECT rolname FROM pg_roles").splitlines())
    words = [f"CREATE ROLE {role} NOLOGIN;" for role in ROLES if role not in roles]
    if "toplu_crossing" not in roles:
        words.append("GRANT toplu_crossing TO toplu_owner WITH SET TRUE, INHERIT FALSE;")
    for login, may_be in LOGINS.items():
        if login not in roles:
            words.append(f"CREATE ROLE {login} LOGIN PASSWORD '{postgres.password_of(login)}';")
            words.append(f"GRANT {', '.join(may_be)} TO {login} WITH SET TRUE, INHERIT FALSE;")
    if words:
        postgres.sql("BEGIN;\n" + "\n".join(words) + "\nCOMMIT;")
    if not postgres.sql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - ours
        postgres.sql(f"CREATE DATABASE {DATABASE} OWNER toplu_migrate")
    postgres.sql(
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;"
        f"GRANT CONNECT ON DATABASE {DATABASE} TO toplu_api_login, toplu_worker_login"
    )
