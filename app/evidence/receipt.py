"""A receipt: everything that shows why one message was sent, or not, with the proof that nobody changed it since.

Its blocks are those of ISO/IEC TS 27560:2023 (header, processing, parties, events); decision and proof are ours. It
names the person by `per_…` and holds no number and no value of the message. What is not known is left out.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.evidence import queries
from app.evidence.chain import BEGINNING, decisions_content
from app.evidence.check_receipt import SIGNED
from app.evidence.contents import in_utc
from app.evidence.signer import signer_of
from app.evidence.tree import prove_all
from app.kit import canonical
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import encode
from app.kit.merkle import HASH_BYTES, path_of
from app.runtime import Runtime

SCHEMA_VERSION = "1.0"

WITHDRAWAL = ("whatsapp: a STOP word or button", "the controller: any channel it names")

# Events whose meaning the Data Privacy Vocabulary has a word for (W3C DPV 2, consent status).
_DPV = {"given": "dpv:ConsentGiven", "refused": "dpv:ConsentRefused", "withdrawn": "dpv:ConsentWithdrawn"}
_HOLDS = frozenset({"given", "asserted", "raised"})
_PURPOSE = ("key", "version", "title_tr", "title_en", "class", "legal_basis", "law_references", "dpv", "commercial")
_EVIDENCE = ("consent_event_id", "approval_event_id", "basis_event_id", "suppression_event_id")

Json = dict[str, Any]


async def make_receipt(run: Runtime, session: Session, tenant: UUID, message: UUID, batch: UUID) -> Json:
    """The receipt of a message. `sealed` false: `missing` says what is not sealed yet, and there is no signature."""
    await in_utc(session)
    decision = await queries.find_decision(session, tenant, message)
    if decision is None:
        return _too_early(tenant, message, ["decision"])
    content = canonical.read(decision.content)
    ids = [id_ for name in _EVIDENCE if (id_ := getattr(decision, name)) is not None]
    events = await queries.list_events(session, tenant, ids)
    receipt = _head(tenant, message, content) | {
        "processing": await _processing(session, tenant, decision, events),
        "parties": await _parties(session, tenant, content),
    }
    tree = await queries.find_tree(session, tenant, batch, message)
    links = await queries.find_links_of(session, tenant, [*ids, *([] if tree is None else [tree.id])])
    newest = await queries.find_newest_checkpoint(session, tenant)
    missing = _missing(tree, ids, links, newest)
    if missing:
        shown = [_event(event) for event in events]
        return receipt | {"sealed": False, "missing": missing, "events": shown, "decision": {"content": content}}
    assert tree is not None
    assert newest is not None
    proofs = await _proofs(session, tenant, links, newest.size)
    receipt |= {
        "sealed": True,
        "events": [_event(event) | {"link": proofs[event.id]} for event in events],
        "decision": {"content": content, **_in_tree(tenant, tree), "link": proofs[tree.id]},
        "checkpoint": newest.note,
    }
    return _sign(run, tenant, receipt)


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


def _too_early(tenant: UUID, message: UUID, missing: list[str]) -> Json:
    return _head(tenant, message, {}) | {"sealed": False, "missing": missing}


def _missing(tree: Row[Any] | None, ids: list[UUID], links: list[Row[Any]], newest: Row[Any] | None) -> list[str]:
    """What is still to come before this can be proved: `decision`, `events`, `checkpoint`."""
    linked = {link.source_id for link in links}
    missing = [] if tree is not None and tree.id in linked else ["decision"]
    missing += [] if set(ids) <= linked else ["events"]
    signed = newest is not None and all(link.seq <= newest.size for link in links)
    return missing if signed else [*missing, "checkpoint"]


async def _proofs(session: Session, tenant: UUID, links: list[Row[Any]], size: int) -> dict[UUID, Json]:
    paths = await prove_all(session, tenant, [link.seq for link in links], size)
    return {
        link.source_id: {
            "seq": link.seq,
            "before": (link.before or BEGINNING).hex(),
            "hash": link.hash.hex(),
            "path": [one.hex() for one in path],
        }
        for link, path in zip(links, paths, strict=True)
    }


def _in_tree(tenant: UUID, tree: Row[Any]) -> Json:
    leaves = [tree.leaves[at : at + HASH_BYTES] for at in range(0, len(tree.leaves), HASH_BYTES)]
    linked = decisions_content(
        id_=tree.id,
        tenant=tenant,
        batch=tree.batch_id,
        first=tree.first_id,
        last=tree.last_id,
        size=tree.size,
        root=tree.root,
    )
    return {"place": tree.place, "path": [one.hex() for one in path_of(leaves, tree.place)], "tree": linked}


def _event(event: Row[Any]) -> Json:
    content = canonical.read(event.content)
    act = content["act"]
    shown = {
        "event_id": encode("cev", event.id),
        "event_type": content["record_kind"],
        "event_state": _DPV.get(act, act) if content["record_kind"] == "explicit_consent" else act,
        "event_time": content["occurred_at"],
        "entity_id": encode("per", event.person_id) if content["entity"] == "person" else content["entity"],
        "holds": act in _HOLDS,
        "content": content,
    }
    if "valid_until" in content:
        shown["validity_duration"] = {"until": content["valid_until"]}
    return shown


async def _processing(session: Session, tenant: UUID, decision: Row[Any], events: list[Row[Any]]) -> Json:
    """Why, in which words, and how it was collected."""
    said = {"service": "WhatsApp", "jurisdiction": "TR", "pii_information": [{"pii_type": "phone_number"}]}
    processing: Json = {**said, "withdrawal_method": list(WITHDRAWAL)}
    purpose = await queries.find_purpose_version(session, decision.purpose_id, decision.purpose_version)
    if purpose is not None:
        processing["purposes"] = [{name: purpose[name] for name in _PURPOSE}]
        processing["lawful_basis"] = purpose["legal_basis"]
    contents = {event.id: canonical.read(event.content) for event in events}
    act = contents.get(decision.consent_event_id) or contents.get(decision.basis_event_id)
    if act is not None:
        processing["collection_method"] = {name: act[name] for name in ("channel", "method") if name in act}
    notice = None
    if decision.notice_version_id is not None:
        notice = await queries.find_notice(session, tenant, decision.notice_version_id)
    if notice is not None:
        processing["language"] = notice.language
        processing["privacy_notice"] = {
            "notice_version": encode("ntv", notice.id),
            "name": notice.name,
            "version": notice.version,
            "language": notice.language,
            "title": notice.title,
            "sha256": notice.sha256.hex(),
            "published_at": notice.published_at.isoformat(),
        } | _shown(contents.get(decision.consent_event_id))
    return processing


def _shown(act: Json | None) -> Json:
    """To whom and when the notice was shown: the consent that names it."""
    if act is None:
        return {}
    return {"shown_to": encode("per", UUID(act["person_id"])), "shown_at": act["occurred_at"]}


async def _parties(session: Session, tenant: UUID, content: Json) -> list[Json]:
    parties = [
        {
            "party_id": encode("ten", tenant),
            "party_name": await queries.find_tenant_name(session, tenant),
            "party_role": "controller",
        },
        {"party_name": "Kişisel Verileri Koruma Kurumu", "party_role": "authority"},
    ]
    if content["decision"] == "allowed":
        parties.append({"party_name": "Meta (WhatsApp)", "party_role": "recipient"})
    return parties


def _sign(run: Runtime, tenant: UUID, receipt: Json) -> Json:
    signer = signer_of(run, tenant)
    signature = {"algorithm": "Ed25519", "key": signer.verifier.text}
    value = signer.sign(SIGNED + canonical.write(receipt | {"signature": signature}))
    return receipt | {"signature": signature | {"value": value.hex()}}
