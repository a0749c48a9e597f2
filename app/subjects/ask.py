"""Write down what a person asked, and close it with an answer or a reasoned refusal."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, text, update

from app.audit.record import record
from app.kit.crypto import Unsealable, seal, unseal
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.people.seal import person_key
from app.runtime import TenantKeys
from app.subjects.errors import RequestClosed, RequestUnknown
from app.subjects.models import subject_requests
from app.subjects.queries import Request, find_request

RequestKind = Literal[
    "access",
    "information",
    "purpose_conformity",
    "recipients",
    "correction",
    "erasure",
    "third_party_notification",
    "automated_result_objection",
    "damages",
]
# Law 6698, article 11/1, letter by letter.
LETTERS: dict[str, str] = {
    "access": "a",
    "information": "b",
    "purpose_conformity": "c",
    "recipients": "ç",
    "correction": "d",
    "erasure": "e",
    "third_party_notification": "f",
    "automated_result_objection": "g",
    "damages": "ğ",
}
Outcome = Literal["fulfilled", "partly_fulfilled"]
Ground = Literal[
    "identity_not_shown", "kept_by_law", "held_for_lawsuit", "rights_of_others", "unfounded", "nothing_held"
]
ANSWER_WITHIN = timedelta(days=30)  # Law 6698, article 13/2
WARN_AFTER = timedelta(days=20)

_now = text("SELECT business_now()")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. `details` are the person's words; `note` is how their identity was checked."""

    kind: RequestKind
    channel: str
    identity_check: str
    received_at: datetime
    details: str | None = field(default=None, repr=False)


async def ask(
    session: Session, tenant: UUID, keys: TenantKeys, person: UUID, salt: bytes | None, asked: Asked, *, actor: str
) -> UUID:
    """Open a request; its clock runs from the day it was received, 30 days. The request's id. Audited.

    Of a person who was erased the words cannot be sealed, so they are not kept.
    """
    request = new_id()
    sealed = _seal(keys, salt, person, asked.details)
    row = {
        "id": request,
        "tenant_id": tenant,
        "person_id": person,
        "kind": asked.kind,
        "channel": asked.channel,
        "identity_check": asked.identity_check,
        "received_at": asked.received_at,
        "warn_at": asked.received_at + WARN_AFTER,
        "due_at": asked.received_at + ANSWER_WITHIN,
        "details_ct": sealed,
        "state": "open",
        "created_by": actor,
    }
    await session.execute(insert(subject_requests).values(row))
    detail = {"kind": asked.kind, "person": encode("per", person)}
    object_id = encode("req", request)
    await record(session, tenant, action="subject_request.received", actor=actor, object_id=object_id, detail=detail)
    return request


async def close(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    request: UUID,
    *,
    state: Literal["answered", "refused"],
    outcome: Outcome | Ground,
    answer: str | None,
    actor: str,
) -> None:
    """Answer or refuse. What the person was told is kept, sealed for them. Raises RequestUnknown, RequestClosed."""
    found = await find_request(session, tenant, request, lock=True)
    if found is None:
        raise RequestUnknown
    if found.state != "open":
        raise RequestClosed
    these = subject_requests.c
    await session.execute(
        update(subject_requests)
        .where(these.tenant_id == tenant, these.id == request)
        .values(
            state=state,
            outcome=outcome,
            answer_ct=_seal(keys, found.salt, found.person_id, answer),
            closed_at=(await session.execute(_now)).scalar_one(),
            closed_by=actor,
        )
    )
    object_id = encode("req", request)
    await record(
        session,
        tenant,
        action=f"subject_request.{state}",
        actor=actor,
        object_id=object_id,
        detail={"outcome": outcome},
    )


def open_text(keys: TenantKeys, request: Request, sealed: bytes | None) -> str | None:
    """Words of a request in clear; None where there are none, or the person was erased since."""
    if sealed is None or request.salt is None:
        return None
    try:
        return unseal(person_key(keys, request.salt), sealed, _where(request.person_id)).decode()
    except Unsealable:  # sealed before the person was erased and came back
        return None


def _seal(keys: TenantKeys, salt: bytes | None, person: UUID, words: str | None) -> bytes | None:
    if words is None or salt is None:
        return None
    return seal(person_key(keys, salt), words.encode(), _where(person))


def _where(person: UUID) -> bytes:
    return b"request|" + person.bytes
