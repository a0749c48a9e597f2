"""Search the raw webhooks for people who were erased.

A raw webhook is sealed with a key of the whole installation, not with the person's: destroying the person's key does
not close it. It names numbers in clear, also in every status, so each string that could be a number or a user id is
hashed with the tenant's key and compared with the hashes that stay after erasing.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.inbound.receive import where_raw
from app.kit.crypto import Unsealable, unseal
from app.people.numbers import canonical_phone, canonical_user_id
from app.people.seal import AliasKind, alias_hash
from app.runtime import Runtime, TenantKeys

PAGE = 500
_DIGITS = re.compile(r"\+?([1-9][0-9]{6,14})", re.ASCII)

_page = text(
    "SELECT id, body_ct FROM webhook_raw WHERE CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)"
    " ORDER BY id LIMIT :size"
)


async def find_webhooks_naming(run: Runtime, keys: TenantKeys, hashes: Collection[UUID]) -> AsyncIterator[list[UUID]]:
    """The kept webhooks that name one of these fingerprints, page by page; pages without any are left out."""
    wanted = set(hashes)
    after: UUID | None = None
    while True:
        async with run.db.begin() as session:
            rows = (await session.execute(_page, {"after": after, "size": PAGE})).all()
        if not rows:
            return
        after = rows[-1].id
        found = []
        for row in rows:
            if not wanted.isdisjoint(_named_in(run, keys, row.id, row.body_ct)):
                found.append(row.id)
            await asyncio.sleep(0)  # a large body takes milliseconds; others on this loop want to post
        if found:
            yield found


def _named_in(run: Runtime, keys: TenantKeys, raw_id: UUID, body_ct: bytes) -> Iterator[UUID]:
    """The fingerprints of all that could be a person's alias in one body; none when it cannot be read."""
    try:
        body = msgspec.json.decode(unseal(run.master.subkey("webhook-raw"), body_ct, where_raw(raw_id)))
    except (Unsealable, msgspec.MsgspecError, UnicodeDecodeError):
        return
    for said in set(_strings_in(body)):
        for kind, value in _aliases_in(said):
            yield alias_hash(keys, kind, value)


def _strings_in(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one.values(), *one]
        elif isinstance(one, list):
            waiting += one


def _aliases_in(said: str) -> Iterator[tuple[AliasKind, str]]:
    if (digits := _DIGITS.fullmatch(said)) is not None:
        yield "wa_id", digits[1]
        if (number := canonical_phone(f"+{digits[1]}")) is not None:
            yield "phone", number
    if (user_id := canonical_user_id(said)) is not None:
        yield "bsuid", user_id
