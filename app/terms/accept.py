"""Accept terms for a tenant: pin the document and everything it incorporates, with the hash of each text."""

import json
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import insert

from app.audit.record import record
from app.kit.crypto import seal, unseal
from app.kit.db import Session
from app.kit.errors import NotFound
from app.kit.ids import encode, new_id
from app.runtime import TenantKeys
from app.terms.bundle import Part, bundle, hash_bundle, in_force
from app.terms.errors import TermsDiffer, TermsSuperseded
from app.terms.models import terms_acceptance_documents, terms_acceptances
from app.terms.queries import Acceptance, business_time, get_acceptance, list_versions


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who accepts for the tenant, and in which capacity."""

    name: str = field(repr=False)
    role: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepting:
    """What is to be accepted: a version, and the hash of all that it and its parts say."""

    document: str
    version: int
    bundle_sha256: bytes


async def accept_terms(
    session: Session, tenant: UUID, keys: TenantKeys, wanted: Accepting, *, by: Signatory, api_key_id: UUID, actor: str
) -> Acceptance:
    """Accept a version in force, or one that was announced, with everything it incorporates.

    Raises NotFound, TermsSuperseded for a version that was replaced, TermsDiffer when the hash is another one: only
    what was read can be accepted.
    """
    versions = await list_versions(session)
    now = await business_time(session)
    found = next((v for v in versions if (v.document, v.version) == (wanted.document, wanted.version)), None)
    if found is None:
        raise NotFound
    current = in_force(versions, wanted.document, now)
    if current is not None and current.version > found.version:
        raise TermsSuperseded
    parts = bundle(versions, found, max(now, found.effective_from))
    if hash_bundle(parts) != wanted.bundle_sha256:
        raise TermsDiffer
    acceptance = new_id()
    await _write(session, tenant, keys, acceptance, parts, by=by, api_key_id=api_key_id)
    pinned = [f"{part.version.document} {part.version.version} {part.version.sha256.hex()}" for part in parts]
    detail = {"documents": pinned, "bundle_sha256": wanted.bundle_sha256.hex()}
    object_id = encode("tac", acceptance)
    await record(session, tenant, action="terms.accepted", actor=actor, object_id=object_id, detail=detail)
    return await get_acceptance(session, tenant, acceptance)


def open_signatory(keys: TenantKeys, acceptance: Acceptance) -> Signatory:
    """Who accepted. Raises Unsealable."""
    plain: dict[str, str] = json.loads(unseal(keys.data, acceptance.accepted_by_ct, _where(acceptance.id)))
    return Signatory(**plain)


async def _write(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    acceptance: UUID,
    parts: list[Part],
    *,
    by: Signatory,
    api_key_id: UUID,
) -> None:
    plain = json.dumps({"name": by.name, "role": by.role}, ensure_ascii=False).encode()
    row = {
        "id": acceptance,
        "tenant_id": tenant,
        "terms_version_id": parts[0].version.id,
        "bundle_sha256": hash_bundle(parts),
        "accepted_by_ct": seal(keys.data, plain, _where(acceptance)),
        "api_key_id": api_key_id,
    }
    await session.execute(insert(terms_acceptances).values(row))
    pinned = [
        {
            "tenant_id": tenant,
            "acceptance_id": acceptance,
            "place": place,
            "terms_version_id": part.version.id,
            "sha256": part.version.sha256,
            "relation": part.relation,
        }
        for place, part in enumerate(parts)
    ]
    await session.execute(insert(terms_acceptance_documents), pinned)


def _where(acceptance: UUID) -> bytes:
    return b"terms_acceptances|" + acceptance.bytes
