"""Remember answers, so that a repeated request is answered again and not done again.

    async def create_thing(request: Repeatable, tx: …, body: NewThing) -> Response:
        async def work() -> Answer: …
        return await once(tx, request, work)

does `work` under the caller's `Idempotency-Key`, in the caller's transaction: the work and the memory of it
are on disk together, or neither. Only answers that were committed are remembered; an error is judged anew.

A key is taken by an advisory lock of the transaction, which is never waited for: whoever comes second while
the first is at work gets 409 at once, and a crash of the first frees it. Nothing readable is stored: the
key and the request as keyed hashes, the answer sealed with the tenant's data key, because it can hold an
API key that is shown once, or a person's number.

A stream, whose digest is known only at its end, uses `Memory` itself in the transaction that closes it:
`reserve(key, fingerprint_of(...digest))`, then `judge` what came back, or work and `finish`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.kit.crypto import keyed_hash, seal, unseal
from app.kit.db import Session
from app.kit.http import idempotency
from app.kit.http.idempotency import Answer, IdempotencyInProgress, Kept, read_key
from app.kit.http.middleware import find_template
from app.runtime import TenantKeys
from app.tenants.door import Transaction
from app.tenants.models import idempotency_keys

KEPT_FOR = timedelta(hours=72)  # long enough for a weekend of retries; published in the API description

_Sealed = msgspec.msgpack.Decoder(tuple[dict[str, str], bytes])


@dataclass(slots=True)
class Memory:
    """The remembered answers of one tenant, seen from one transaction."""

    session: Session
    tenant: UUID
    keys: TenantKeys = field(repr=False)
    operation: str  # `POST /v1/things`, for whoever reads the table
    _reserved: dict[str, bytes] = field(default_factory=dict, repr=False)

    async def reserve(self, key: str, fingerprint: bytes) -> Kept | None:
        """Take the key for this transaction; None means: do the work, then `finish`.

        Otherwise what is remembered, to be judged. Raises IdempotencyInProgress while another transaction
        has the key.
        """
        lock = int.from_bytes(self._hash(key).bytes[:8], "big", signed=True)
        if not await self.session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            raise IdempotencyInProgress(retry_after_s=1)
        kept = await self.find(key)
        if kept is None:
            self._reserved[key] = fingerprint
        return kept

    async def find(self, key: str) -> Kept | None:
        """What is remembered under the key, if it is not too old."""
        table = idempotency_keys.c
        found = await self.session.execute(
            select(table.fingerprint, table.status, table.body).where(
                table.tenant_id == self.tenant,
                table.key == str(self._hash(key)),
                table.created_at > func.clock_timestamp() - KEPT_FOR,
            )
        )
        row = found.one_or_none()
        if row is None:
            return None
        headers, body = _Sealed.decode(unseal(self.keys.data, row.body, self._where(key)))
        return Kept(row.fingerprint, Answer(row.status, body, headers))

    async def finish(self, key: str, answer: Answer) -> None:
        """Remember the answer of a key that this transaction reserved."""
        plain = msgspec.msgpack.encode((dict(answer.headers), answer.body))
        said = {
            "operation": self.operation,
            "fingerprint": self._reserved.pop(key),
            "status": answer.status,
            "body": seal(self.keys.data, plain, self._where(key)),
            "created_at": func.clock_timestamp(),
        }
        # What is replaced here is older than KEPT_FOR: `find` no longer saw it.
        await self.session.execute(
            insert(idempotency_keys)
            .values(tenant_id=self.tenant, key=str(self._hash(key)), **said)
            .on_conflict_do_update(index_elements=["tenant_id", "key"], set_=said)
        )

    def _hash(self, key: str) -> UUID:
        return keyed_hash(self.keys.lookup, b"idempotency|" + key.encode())

    def _where(self, key: str) -> bytes:
        return b"idempotency_keys|" + self.tenant.bytes + self._hash(key).bytes


def _repeatable(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="The same key and the same request get the same answer, for 72 hours.",
            json_schema_extra={"pattern": '^("[ -~]{1,255}"|[!-~]{1,255})$'},
        ),
    ] = None,
) -> Request:
    """The request itself; what this adds is the header in the API description."""
    return request


# What a route that uses `once` declares: `request: Repeatable`.
Repeatable = Annotated[Request, Depends(_repeatable)]


async def once(tx: Transaction, request: Request, work: Callable[[], Awaitable[Answer]]) -> Response:
    """The answer of `work`, or the one remembered under the request's Idempotency-Key.

    Raises IdempotencyKeyInvalid, IdempotencyKeyReused for another request under the same key,
    IdempotencyInProgress, and whatever the work raises.
    """
    key = read_key(request.headers.get("idempotency-key"))
    memory = Memory(tx.session, tx.tenant, tx.keys, f"{request.method} {find_template(request.scope)}")
    presented = fingerprint_of(tx.keys, request, await request.body())
    answer = await idempotency.once(memory, key, presented, work)
    return Response(answer.body, answer.status, answer.headers, "application/json")


def fingerprint_of(keys: TenantKeys, request: Request, body: bytes) -> bytes:
    """16 bytes that are equal for equal requests of one tenant. For a stream, `body` is its digest.

    Keyed, because a plain hash of a body with one phone number in it can be guessed back.
    """
    path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return keyed_hash(keys.lookup, idempotency.fingerprint(request.method, path, body)).bytes


def answer_with(status: int, body: BaseModel, *, location: str | None = None, etag: str | None = None) -> Answer:
    """An answer as it goes out and as it is remembered."""
    headers = {"location": location, "etag": etag}
    given = {name: value for name, value in headers.items() if value is not None}
    return Answer(status, body.model_dump_json().encode(), given)


async def forget_old(session: Session, tenant: UUID) -> int:
    """Delete what is older than KEPT_FOR. How many there were."""
    gone = await session.execute(
        delete(idempotency_keys).where(
            idempotency_keys.c.tenant_id == tenant,
            idempotency_keys.c.created_at <= func.clock_timestamp() - KEPT_FOR,
        )
    )
    return gone.rowcount
