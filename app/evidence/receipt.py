"""A receipt: everything that shows why one message was sent, or not, with the proof that nobody changed it since.

Its blocks are those of ISO/IEC TS 27560:2023 (header, processing, parties, events); decision and proof are ours. It
names the person by `per_…` and holds no number and no value of the message. What is not known is left out.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from app.evidence.chain import BEGINNING, decisions_content
from app.evidence.check_receipt import SIGNED
from app.evidence.signer import signer_of
from app.evidence.tree import prove_all
from app.kit import canonical
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import encode
from app.kit.merkle import HASH_BYTES, path_of
from app.kit.notes import Signer
from app.kit.sql import sql_beside
from app.runtime import Runtime

SCHEMA_VERSION = "1.0"

WITHDRAWAL = ("whatsapp: a STOP word or button", "the controller: any channel it names")

# Events whose meaning the Data Privacy Vocabulary has a word for (W3C DPV 2, consent status).
_DPV = {"given": "dpv:ConsentGiven", "refused": "dpv:ConsentRefused", "withdrawn": "dpv:ConsentWithdrawn"}
_HOLDS = frozenset({"given", "asserted", "raised"})
_PURPOSE = ("key", "version", "title_tr", "title_en", "class", "legal_basis", "law_references", "dpv", "commercial")
_EVIDENCE = ("consent_event_id", "approval_event_id", "basis_event_id", "suppression_event_id")

Json = dict[str, Any]

_gather = sql_beside(__file__)
_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


@dataclass(frozen=True, slots=True)
class _Event:
    """A line of the ledger as it is sealed."""

    id: str
    person_id: str
    content: str

    @property
    def read(self) -> Json:
        found: Json = canonical.read(self.content)
        return found


@dataclass(frozen=True, slots=True)
class _Link:
    """A link about one of them, or about the tree; hashes in hexadecimal, `before` None at the beginning."""

    source_id: str
    seq: int
    hash: str
    before: str | None


async def make_receipt(run: Runtime, session: Session, tenant: UUID, message: UUID) -> Json | None:
    """The receipt of a message; None while there is no decision about it.

    `sealed` false: `missing` says what is not sealed yet, and there is no signature. Two questions to the database.
    """
    found = (await session.execute(_gather, {"tenant": tenant, "message": message})).one_or_none()
    if found is None:
        return None
    content = canonical.read(found.content)
    events = [_Event(**event) for event in _decode(found.events)]
    links = [_Link(**link) for link in _decode(found.links)]
    receipt = _head(tenant, message, content) | {
        "processing": _processing(found, {UUID(event.id): event.read for event in events}),
        "parties": _parties(tenant, found.tenant_name or "", content),
    }
    missing = _missing(found, links)
    if missing:
        shown = [_event(event) for event in events]
        return receipt | {"sealed": False, "missing": missing, "events": shown, "decision": {"content": content}}
    proofs = await _proofs(session, tenant, links, found.checkpoint_size)
    receipt |= {
        "sealed": True,
        "events": [_event(event) | {"link": proofs[event.id]} for event in events],
        "decision": {"content": content, **_in_tree(tenant, found), "link": proofs[str(found.tree_id)]},
        "checkpoint": found.checkpoint_note,
    }
    signer = signer_of(run, tenant)
    if found.checkpoint_key != signer.verifier.text:  # a key of before signed it: this signature vouches for it
        receipt["checkpoint_key"] = found.checkpoint_key
    return _sign(signer, receipt)


def too_early(tenant: UUID, message: UUID) -> Json:
    """What can be told of a message that is not decided on yet."""
    return _head(tenant, message, {}) | {"sealed": False, "missing": ["decision"]}


def _head(tenant: UUID, message: UUID, content: Json) -> Json:
    person = content.get("person_id")
    header = {
        "schema_version": SCHEMA_VERSION,
        "record_id": encode("msg", message),
        "issued_at": utc_now().isoformat(timespec="seconds"),
        "tenant": encode("ten", tenant),
    }
    if person is not None:
        header["pii_principal_id"] = encode("per", UUID(person))
    return {"header": header}


def _missing(found: Row[Any], links: list[_Link]) -> list[str]:
    """What is still to come before this can be proved: `decision`, `events`, `checkpoint`."""
    linked = {link.source_id for link in links}
    missing = [] if str(found.tree_id) in linked else ["decision"]
    missing += [] if {str(id_) for id_ in found.evidence} <= linked else ["events"]
    signed = found.checkpoint_size is not None and all(link.seq <= found.checkpoint_size for link in links)
    return missing if signed else [*missing, "checkpoint"]


async def _proofs(session: Session, tenant: UUID, links: list[_Link], size: int) -> dict[str, Json]:
    paths = await prove_all(session, tenant, [link.seq for link in links], size)
    return {
        link.source_id: {
            "seq": link.seq,
            "before": link.before or BEGINNING.hex(),
            "hash": link.hash,
            "path": [one.hex() for one in path],
        }
        for link, path in zip(links, paths, strict=True)
    }


def _in_tree(tenant: UUID, found: Row[Any]) -> Json:
    leaves = [found.tree_leaves[at : at + HASH_BYTES] for at in range(0, len(found.tree_leaves), HASH_BYTES)]
    linked = decisions_content(
        id_=found.tree_id,
        tenant=tenant,
        batch=found.batch_id,
        first=found.tree_first,
        last=found.tree_last,
        size=found.tree_size,
        root=found.tree_root,
    )
    path = [one.hex() for one in path_of(leaves, found.tree_place)]
    return {"place": found.tree_place, "path": path, "tree": linked}


def _event(event: _Event) -> Json:
    content = event.read
    act = content["act"]
    shown = {
        "event_id": encode("cev", UUID(event.id)),
        "event_type": content["record_kind"],
        "event_state": _DPV.get(act, act) if content["record_kind"] == "explicit_consent" else act,
        "event_time": content["occurred_at"],
        "entity_id": encode("per", UUID(event.person_id)) if content["entity"] == "person" else content["entity"],
        "holds": act in _HOLDS,
        "content": content,
    }
    if "valid_until" in content:
        shown["validity_duration"] = {"until": content["valid_until"]}
    return shown


def _processing(found: Row[Any], contents: dict[UUID, Json]) -> Json:
    """Why, in which words, and how it was collected."""
    said = {"service": "WhatsApp", "jurisdiction": "TR", "pii_information": [{"pii_type": "phone_number"}]}
    processing: Json = {**said, "withdrawal_method": list(WITHDRAWAL)}
    if found.purpose is not None:
        purpose = canonical.read(found.purpose)
        processing["purposes"] = [{name: purpose[name] for name in _PURPOSE}]
        processing["lawful_basis"] = purpose["legal_basis"]
    act = contents.get(found.consent_event_id) or contents.get(found.basis_event_id)
    if act is not None:
        processing["collection_method"] = {name: act[name] for name in ("channel", "method") if name in act}
    if found.notice_id is not None:
        processing["language"] = found.notice_language
        processing["privacy_notice"] = {
            "notice_version": encode("ntv", found.notice_id),
            "name": found.notice_name,
            "version": found.notice_version,
            "language": found.notice_language,
            "title": found.notice_title,
            "sha256": found.notice_sha256.hex(),
            "published_at": found.notice_published_at.isoformat(),
        } | _shown(contents.get(found.consent_event_id))
    return processing


def _shown(act: Json | None) -> Json:
    """To whom and when the notice was shown: the consent that names it."""
    if act is None:
        return {}
    return {"shown_to": encode("per", UUID(act["person_id"])), "shown_at": act["occurred_at"]}


def _parties(tenant: UUID, name: str, content: Json) -> list[Json]:
    parties = [
        {"party_id": encode("ten", tenant), "party_name": name, "party_role": "controller"},
        {"party_name": "Kişisel Verileri Koruma Kurumu", "party_role": "authority"},
    ]
    if content["decision"] == "allowed":
        parties.append({"party_name": "Meta (WhatsApp)", "party_role": "recipient"})
    return parties


def _sign(signer: Signer, receipt: Json) -> Json:
    signature = {"algorithm": "Ed25519", "key": signer.verifier.text}
    value = signer.sign(SIGNED + canonical.write(receipt | {"signature": signature}))
    return receipt | {"signature": signature | {"value": value.hex()}}
