"""Erase a person: stop, destroy what they can be read from, keep what the law says, and write it all down."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, text

from app.audit.record import record
from app.consents.acts import Entry, RecordKind
from app.consents.append import append
from app.consents.restrict import restrict
from app.dispatch.refuse_person import refuse_person
from app.kit.db import Session
from app.kit.errors import NotFound
from app.kit.ids import encode, new_id
from app.people.erase import erase as erase_values
from app.people.queries import find_person
from app.retention.errors import PersonOnHold
from app.retention.queries import is_held
from app.retention.sign import Place, add_task
from app.retention.write_down import Destroyed, write_items, write_run
from app.subjects.errors import PersonAlreadyErased
from app.subjects.models import erasures

ErasureReason = Literal["request", "own_decision", "authority"]

LAWS = ("6698 m.7/1", "6698 m.11/1-e")

_states = text(
    "SELECT purpose_id, consent_act, approval_act, basis_act FROM person_states_v1"
    " WHERE tenant_id = :tenant AND person_id = :person ORDER BY purpose_id"
)
# Paper that proves an act of the person; an object may prove acts of others, too.
_paper = text(
    "SELECT DISTINCT o.id, o.physical_ref FROM evidence_links_v1 AS l"
    " JOIN evidence_objects_v1 AS o ON o.tenant_id = l.tenant_id AND o.id = l.evidence_id"
    " WHERE l.tenant_id = :tenant AND l.person_id = :person AND o.physical_ref IS NOT NULL ORDER BY o.id"
)
_destroy_content = text("SELECT destroy_erased_content_v1(:person)")
_now = text("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a person. `refused`: messages that were still queued for them."""

    id: UUID
    run: UUID
    erased_at: datetime
    destroyed: tuple[Destroyed, ...]
    refused: int
    tasks: tuple[UUID, ...] = ()


async def erase(
    session: Session,
    tenant: UUID,
    person: UUID,
    *,
    reason: ErasureReason,
    request: UUID | None,
    actor: str,
    api_key_id: UUID | None,
) -> Erased:
    """Erase a person in the caller's transaction: with its commit nothing more is sent to them.

    Those who turned out to be the same person are erased with them. First their rows are taken, so that no claim is
    under way; then their consents and bases end in the ledger, so that none of them stands if they come back one day;
    then the queue, the keys, the values. Raises NotFound, PersonAlreadyErased, PersonOnHold.
    """
    await restrict(session, tenant, [person])
    found = await find_person(session, tenant, person)
    if found is None:
        raise NotFound
    if found.erased_at is not None:
        raise PersonAlreadyErased
    everyone = (found.id, *found.absorbed)
    for one in everyone:
        if await is_held(session, tenant, one):
            raise PersonOnHold
    now = (await session.execute(_now)).scalar_one()
    await _end_all(session, tenant, found.id, now, by_person=reason == "request", api_key_id=api_key_id)
    refused = aliases = emptied = 0
    for one in everyone:
        refused += await refuse_person(session, tenant, one)
        aliases += await erase_values(session, tenant, one)
        emptied += (await session.execute(_destroy_content, {"person": one})).scalar_one()
    destroyed = (
        Destroyed("person_key", "destroy", len(everyone), LAWS),
        Destroyed("person_aliases", "destroy", aliases, LAWS),
        Destroyed("message_content", "destroy", emptied, LAWS),
    )
    tasks = [task for one in everyone for task in await _ask_for_paper(session, tenant, one)]
    done = Erased(new_id(), new_id(), now, tuple(one for one in destroyed if one.size), refused, tuple(tasks))
    await _write(session, tenant, everyone, done, reason=reason, request=request, actor=actor)
    return done


async def _end_all(
    session: Session, tenant: UUID, person: UUID, now: datetime, *, by_person: bool, api_key_id: UUID | None
) -> None:
    """Withdraw what was given and end what was asserted: what is not on record any more cannot be relied on."""
    rows = (await session.execute(_states, {"tenant": tenant, "person": person})).all()
    consent: RecordKind = "explicit_consent"
    approval: RecordKind = "commercial_approval"
    withdrawn = [
        Entry(person, kind, "withdrawn", row.purpose_id, now, "api", "erasure")
        for row in rows
        for kind, act in ((consent, row.consent_act), (approval, row.approval_act))
        if act == "given"
    ]
    ended = [
        Entry(person, "basis_assertion", "ended", row.purpose_id, now, "api", "erasure")
        for row in rows
        if row.basis_act == "asserted"
    ]
    await append(session, tenant, withdrawn, entity="person" if by_person else "tenant", api_key_id=api_key_id)
    await append(session, tenant, ended, entity="tenant", api_key_id=api_key_id)


async def _ask_for_paper(session: Session, tenant: UUID, person: UUID) -> tuple[UUID, ...]:
    """One task per thing in an archive that names the person: somebody has to go there."""
    tasks = []
    for row in (await session.execute(_paper, {"tenant": tenant, "person": person})).all():
        ref: dict[str, str] = row.physical_ref if isinstance(row.physical_ref, dict) else json.loads(row.physical_ref)
        place = Place(ref["archive"], ref.get("box"), ref.get("folder"), ref.get("page"))
        tasks.append(await add_task(session, tenant, place, reason="erasure", person=person, evidence=row.id))
    return tuple(tasks)


async def _write(
    session: Session,
    tenant: UUID,
    everyone: Sequence[UUID],
    done: Erased,
    *,
    reason: ErasureReason,
    request: UUID | None,
    actor: str,
) -> None:
    """One row for the person and for everybody who turned out to be them: each had a key and names of their own."""
    person = everyone[0]
    rows = [
        {
            "id": done.id if one == person else new_id(),
            "tenant_id": tenant,
            "person_id": one,
            "erased_at": done.erased_at,
            "actor": actor,
            "reason": reason,
            "request_id": request,
        }
        for one in everyone
    ]
    await session.execute(insert(erasures), rows)
    await write_items(session, tenant, done.run, done.destroyed)
    await write_run(
        session,
        tenant,
        done.run,
        kind="erasure",
        actor=actor,
        began_at=done.erased_at,
        ended_at=done.erased_at,
        person=person,
    )
    detail = {"reason": reason, "run": encode("dst", done.run)} | {one.data_class: one.size for one in done.destroyed}
    object_id = encode("per", person)
    await record(session, tenant, action="person.erased", actor=actor, object_id=object_id, detail=detail)
