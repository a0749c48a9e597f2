"""Declare what kind of party a person is: merchants need no prior approval (Law 6563, article 6/2)."""

from collections.abc import Mapping
from uuid import UUID

from app.consents.errors import PersonErased
from app.consents.evidence import seal_evidence
from app.consents.note_identity import Note, Source, note_identity
from app.consents.restrict import restrict
from app.kit.db import Session
from app.people.declare_party import PartyType, declare_party
from app.people.queries import Person
from app.runtime import TenantKeys


async def declare(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    person: Person,
    party_type: PartyType,
    evidence: Mapping[str, str],
    source: Source,
) -> None:
    """`evidence` (a MERSİS or tax number) is sealed in the ledger with the person's key. Raises PersonErased.

    Consent under Law 6698 is asked of merchants all the same: behind a number there is a natural person.
    """
    await restrict(session, tenant, [person.id])
    if person.salt is None:
        raise PersonErased
    sealed = seal_evidence(keys, person.salt, person.id, evidence) if evidence else None
    note = Note(person.id, "declared", evidence=sealed)
    [proof] = await note_identity(session, tenant, [note], source)
    await declare_party(session, tenant, person.id, party_type, proof)
