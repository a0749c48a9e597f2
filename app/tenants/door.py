"""Who is asking, and the transaction they ask in.

A route says `tx: Tx = writes("batches:write")`: the key is checked, its scope is checked, a transaction that sees only
the tenant's rows is opened, committed *before* the answer leaves, and only then the bells are rung.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, Request
from sqlalchemy import text

from app.kit.clock import utc_now
from app.kit.db import Session
from app.runtime import Runtime, TenantKeys
from app.tenants.api_keys import hash_secret, read_key, same_secret
from app.tenants.errors import KeyExpired, KeyMissing, KeyUnknown, ScopeMissing
from app.tenants.keys import get_tenant_keys

REMEMBER_S = 5.0  # how long a revoked key may still be believed by a process
MOST_REMEMBERED = 10_000
_DUMMY = b"\0" * 32

_find = text("SELECT id, tenant_id, secret_hash, scopes, expires_at, revoked_at FROM find_api_key_v1(:public_id)")


@dataclass(frozen=True, slots=True)
class Caller:
    """A tenant's key that was presented and holds."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]
    expires_at: datetime


@dataclass(slots=True)
class Transaction:
    """One transaction of one caller, and the bells to ring once it is on disk."""

    run: Runtime
    session: Session
    caller: Caller
    keys: TenantKeys
    bells: list[tuple[str, UUID | None]] = field(default_factory=list)

    @property
    def tenant(self) -> UUID:
        """Whose rows this transaction sees."""
        return self.caller.tenant_id

    def ring(self, job: str, line: UUID | None = None) -> None:
        """Ring after the commit; nothing is rung when the transaction rolls back."""
        self.bells.append((job, line))


Remembered = tuple[float, bytes, Caller | None]


async def authenticate(request: Request) -> Caller:
    """The caller behind `Authorization: Bearer …`.

    Raises KeyMissing without a well-formed header, KeyUnknown when no key of that name and secret is live,
    KeyExpired after its date. An unknown key takes the same comparison as a known one.
    """
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not presented:
        raise KeyMissing
    parts = read_key(presented.strip())
    if parts is None:
        raise KeyUnknown
    run: Runtime = request.state.run
    caller = await _find_caller(run, *parts)
    if caller.expires_at <= utc_now():
        raise KeyExpired
    request.state.headers = run.rate.enforce(str(caller.key_id)).headers()
    structlog.contextvars.bind_contextvars(tenant_id=str(caller.tenant_id), key_id=str(caller.key_id))
    return caller


async def _find_caller(run: Runtime, public_id: str, secret: str) -> Caller:
    remembered: Remembered | None = run.remembered.get(public_id)
    if remembered is None or remembered[0] < time.monotonic():
        stored, caller = await _look_up(run, public_id)
        if len(run.remembered) > MOST_REMEMBERED:
            run.remembered.clear()
        remembered = (time.monotonic() + REMEMBER_S, stored, caller)
        run.remembered[public_id] = remembered
    _, stored, caller = remembered
    if not same_secret(hash_secret(secret), stored) or caller is None:
        raise KeyUnknown
    return caller


async def _look_up(run: Runtime, public_id: str) -> tuple[bytes, Caller | None]:
    async with run.db.begin() as session:
        row = (await session.execute(_find, {"public_id": public_id})).one_or_none()
    if row is None or row.revoked_at is not None:
        return _DUMMY, None
    return row.secret_hash, Caller(row.tenant_id, row.id, frozenset(row.scopes), row.expires_at)


def allowed(caller: Caller, scope: str) -> Caller:
    """The caller, if the key carries the scope. Raises ScopeMissing."""
    if scope not in caller.scopes:
        raise ScopeMissing
    return caller


def needs(scope: str) -> Any:
    """The authenticated caller with `scope`, and no transaction: for streams, which open their own."""

    async def caller_with_scope(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
        return allowed(caller, scope)

    return Depends(_named(caller_with_scope, scope))


def writes(scope: str) -> Any:
    """A transaction for a caller with `scope`, committed before the answer leaves.

    scope="function" is what makes FastAPI close the dependency before it sends the answer; the default would have
    told the caller 201 before a commit that can still fail.
    """

    async def transaction(
        request: Request, caller: Annotated[Caller, Depends(authenticate)]
    ) -> AsyncIterator[Transaction]:
        allowed(caller, scope)
        run: Runtime = request.state.run
        async with run.db.begin(caller.tenant_id) as session:
            tx = Transaction(run, session, caller, await get_tenant_keys(run, session, caller.tenant_id))
            yield tx
        for job, line in tx.bells:
            await run.bells.ring(job, line)

    return Depends(_named(transaction, scope), scope="function")


reads = writes  # the same transaction; the name says what the route means to do with it


def _named(dependency: Callable[..., Any], scope: str) -> Callable[..., Any]:
    """Leave the scope on the dependency, where the OpenAPI document and the route test find it."""
    dependency.toplu_scope = scope  # type: ignore[attr-defined]
    return dependency
