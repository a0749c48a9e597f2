"""Settings for a command: from the environment, or from what `toplu up` left word of."""

import os
import shlex
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import ValidationError

from app.cli.errors import Stop
from app.cli.place import DEFAULT_TENANT, Place, usual_place
from app.kit.net import is_loopback
from app.settings import Settings

# Which beginnings the drivers take, and how the whole address looks.
POSTGRES = (("postgresql", "postgres", "postgresql+asyncpg"), "postgresql://login:password@host:5432/name")
ADDRESSES = {
    "TOPLU_DATABASE_URL": POSTGRES,
    "TOPLU_MIGRATION_DATABASE_URL": POSTGRES,
    "TOPLU_REDIS_URL": (("redis", "rediss", "unix"), "redis://:password@host:6379/0"),
    "TOPLU_WHATSAPP_URL": (("https", "http"), "https://host:port/path, without login and query"),
}


def find_running(data_dir: Path | None = None, *, worker: bool = False) -> None:
    """Without a database address in the environment, take those of a running `toplu up`, its API's or its worker's.

    Raises Stop when a folder was named and nothing runs there.
    """
    if "TOPLU_DATABASE_URL" in os.environ:
        return
    found = Place(data_dir or usual_place()).read_environment(worker=worker)
    if data_dir is not None and not found:
        raise Stop(f"Nothing runs in {data_dir}. Start it: toplu up --data-dir {shlex.quote(str(data_dir))}")
    for name, value in found.items():
        os.environ.setdefault(name, value)


def check_addresses() -> None:
    """Raises Stop for a server's address that no driver can read. Says how it should look, not how it does."""
    for name, (schemes, example) in ADDRESSES.items():
        given = os.environ.get(name)
        if given is None or (given == "" and name == "TOPLU_MIGRATION_DATABASE_URL"):
            continue
        if not _readable(given, schemes):
            raise Stop(f"{name} is not usable: it should look like {example}.")


def _readable(address: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if "https" in schemes:  # WhatsApp: the token travels with each message, in clear over http
        if not parts.hostname or "@" in parts.netloc or parts.query:
            return False
        return port != 0 and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)))
    return parts.scheme in schemes and port != 0


def read_settings(data_dir: Path | None = None, *, worker: bool = False) -> Settings:
    """The settings, or Stop with what is missing or wrong, by name and never by value.

    `worker`: what is asked for is the worker's to do, so of a running `toplu up` its login is taken.
    """
    find_running(data_dir, worker=worker)
    check_addresses()
    try:
        return Settings()
    except ValidationError as wrong:
        problems = [_problem(error) for error in wrong.errors(include_input=False, include_url=False)]
        if any("_DATABASE_URL is not set" in problem for problem in problems):
            problems.append("or start `toplu up`, which brings everything")
        raise Stop("; ".join(problems) + ".") from None


def _problem(error: object) -> str:
    assert isinstance(error, dict)
    place = "_".join(str(part) for part in error["loc"]).upper()
    if not place:
        return str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    wrong = "is not set" if error["type"] == "missing" else f"is not usable ({error['msg']})"
    return f"TOPLU_{place} {wrong}"


def read_tenant(text: str | None) -> UUID:
    """The tenant of that id (ten_…), or the one of `toplu init`. Raises Stop."""
    from app.cli.init import tenant_of
    from app.kit.ids import decode

    if text is None:
        return tenant_of(DEFAULT_TENANT)
    try:
        return decode("ten", text)
    except ValueError:
        raise Stop("A tenant's id looks like ten_01h455vb4pex5vsknk084sn02q.") from None
