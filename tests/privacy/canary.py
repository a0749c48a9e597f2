"""The canary: a number, a token and a name that no other test uses, and every place where they must not come out."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import redis

from tests.conftest import Servers, TestDatabase

CANARY = "+905399918273"
TOKEN = "EAAcanarytoken7319cafe"
NAME = "Kanaryaadi"
ROW = {"to": CANARY, "variables": {"first_name": NAME}}
DIGITS = CANARY[3:]  # in every spelling of the number


def in_base64(secret: str) -> list[str]:
    """What every base64 text holds in which the secret stands, wherever it begins: three alignments."""
    encoded = [base64.b64encode(b"\0" * before + secret.encode()).decode() for before in range(3)]
    bits = 8 * len(secret)
    # Without the characters that are made of neighbours' bits, too.
    return [text[-(-8 * n // 6) : (8 * n + bits) // 6] for n, text in enumerate(encoded)]


SPELLINGS = [
    spelling
    for secret in (DIGITS, TOKEN, NAME)
    for spelling in (secret, secret.encode().hex(), secret[::-1], *in_base64(secret))
]


def found_in(text: str) -> list[str]:
    """Which spellings of the canary are in a text."""
    folded = text.replace(" ", "").replace("-", "+").replace("_", "/")
    return [spelling for spelling in SPELLINGS if spelling in text or spelling in folded]


@dataclass(slots=True)
class Watch:
    """Everything that was said while the canary was about. `said` are answers; the rest is looked up in `leaks`."""

    servers: Servers
    database: TestDatabase
    said: list[str] = field(default_factory=list)
    commands: bytearray = field(default_factory=bytearray)

    async def leaks(self, **more: str) -> dict[str, list[str]]:
        """Which spellings came out, by place. `more` are further texts by their names."""
        with redis.Redis.from_url(self.servers.valkey.url) as valkey:
            kept = _everything(valkey)
        places = more | {
            "answers": "\n".join(self.said),
            "valkey": kept,
            "valkey commands": self.commands.decode("utf-8", "replace"),
            "valkey log": self.servers.valkey.log_file.read_text("utf-8", "replace"),
            "postgres log": self.servers.postgres.log_file.read_text("utf-8", "replace"),
            "database": await dump(self.database),
        }
        assert all(text for place, text in places.items() if place != "valkey"), "a place with nothing to find it in"
        return {place: found for place, text in places.items() if (found := found_in(text))}


@asynccontextmanager
async def watching(servers: Servers, database: TestDatabase) -> AsyncIterator[Watch]:
    """Watch; also every command that reaches Valkey, by MONITOR."""
    watch = Watch(servers, database)
    place = urlsplit(servers.valkey.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"AUTH {unquote(place.password or '')}\r\nMONITOR\r\n".encode())
    assert b"+OK" == (await reader.readline()).strip() == (await reader.readline()).strip()

    async def listen() -> None:
        while piece := await reader.read(65_536):
            watch.commands += piece

    listening = asyncio.create_task(listen())
    try:
        yield watch
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        writer.close()


async def dump(database: TestDatabase) -> str:
    """Every row of every table as text."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'toplu'::regnamespace AND relkind IN ('r', 'p')"
        )
        said = []
        for table in tables:
            rows = await connection.fetch(f"SELECT t::text AS row FROM toplu.{table['relname']} AS t")
            said += [row["row"] for row in rows]
    finally:
        await connection.close()
    return "\n".join(said)


def _everything(valkey: Any) -> str:
    """All keys and values of Valkey as text."""
    said = ""
    for key in valkey.scan_iter():
        said += repr(key)
        kind = valkey.type(key)
        if kind == b"string":
            said += repr(valkey.get(key))
        elif kind == b"zset":
            said += repr(valkey.zrange(key, 0, -1))
        else:
            assert kind in (b"none", b"hash", b"set", b"list", b"stream"), kind
            said += repr(valkey.dump(key))
    return said
