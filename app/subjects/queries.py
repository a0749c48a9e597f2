"""Reads of this room. Tenant first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked, still sealed."""

    id: UUID
    person_id: UUID
    kind: str
    channel: str
    identity_check: str
    received_at: datetime
    warn_at: datetime
    due_at: datetime
    state: str
    outcome: str | None
    closed_at: datetime | None
    details_ct: bytes | None = field(repr=False)
    answer_ct: bytes | None = field(repr=False)
    salt: bytes | None = field(repr=False)


_REQUEST = """
SELECT r.id, r.person_id, r.kind, r.channel, r.identity_check, r.received_at, r.warn_at, r.due_at, r.state, r.outcome,
       r.closed_at, r.details_ct, r.answer_ct, p.key_salt AS salt
  FROM subject_requests AS r
  LEFT JOIN people_v1 AS p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
 WHERE r.tenant_id = :tenant
"""
_request = text(_REQUEST + " AND r.id = :request")
_request_locked = text(_REQUEST + " AND r.id = :request FOR UPDATE OF r")
_requests = text(
    _REQUEST + " AND (CAST(:after AS uuid) IS NULL OR r.id > CAST(:after AS uuid))"
    " AND (CAST(:state AS text) IS NULL OR r.state = :state)"
    " AND (CAST(:person AS uuid) IS NULL OR r.person_id = CAST(:person AS uuid)) ORDER BY r.id LIMIT :limit"
)
_person = text("SELECT id, key_salt, erased_at FROM people_v1 WHERE tenant_id = :tenant AND id = :person")
_hashes = text(
    "SELECT a.hash FROM erasures AS e JOIN aliases_v1 AS a ON a.tenant_id = e.tenant_id AND a.person_id = e.person_id"
    " JOIN people_v1 AS p ON p.tenant_id = e.tenant_id AND p.id = e.person_id AND p.erased_at IS NOT NULL"
    " WHERE e.tenant_id = :tenant AND (e.searched_at IS NULL OR e.searched_at < e.erased_at + interval '8 days')"
)


async def find_request(session: Session, tenant: UUID, request: UUID, *, lock: bool = False) -> Request | None:
    """One request, or None. `lock` holds it until the transaction ends."""
    found = await session.execute(_request_locked if lock else _request, {"tenant": tenant, "request": request})
    row = found.mappings().one_or_none()
    return None if row is None else Request(**row)


async def list_requests(
    session: Session, tenant: UUID, *, state: str | None, person: UUID | None, after: UUID | None, limit: int
) -> list[Request]:
    """Requests in the order they were written down."""
    named = {"tenant": tenant, "state": state, "person": person, "after": after, "limit": limit}
    return [Request(**row) for row in (await session.execute(_requests, named)).mappings()]


async def get_absorbed(session: Session, tenant: UUID, person: UUID) -> Any:
    """id, key_salt and erased_at of somebody who turned out to be another: what was theirs is sealed with their key."""
    return (await session.execute(_person, {"tenant": tenant, "person": person})).one()


async def list_erased_hashes(session: Session, tenant: UUID) -> list[UUID]:
    """The fingerprints to search the raw webhooks for. Of somebody who came back meanwhile there are none."""
    return list((await session.execute(_hashes, {"tenant": tenant})).scalars())
