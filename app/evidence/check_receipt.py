"""Check a receipt, with no database, no settings and no network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.evidence.chain import BEGINNING, link_hash, origin_of
from app.evidence.examine import Flaw, Flawed, open_checkpoint
from app.kit import canonical
from app.kit.ids import decode
from app.kit.merkle import follow, leaf_hash
from app.kit.notes import Checkpoint, NoteBroken, Verifier

SIGNED = b"toplu receipt v1\n"  # before the canonical bytes: this signature can pass for no other of the same key
LONGEST = 262_144  # bytes; a receipt has about 10,000

_EVIDENCE = ("consent_event_id", "approval_event_id", "basis_event_id", "suppression_event_id")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt that holds: whose, about which message, decided how, in a chain of which length."""

    tenant: str
    message: str
    decision: str
    size: int
    key: str


def check_receipt(receipt: Json, keys: Iterable[Verifier] | None) -> Checked:
    """Check everything a receipt claims. `keys` None: its own key is believed, so it only proves to be whole.

    Raises Flawed.
    """
    try:
        return _check(receipt, keys)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise Flawed(Flaw.UNREADABLE, "this has not the form of a receipt") from None


def own_key(receipt: Json) -> Verifier:
    """The key that a receipt itself names. Raises Flawed."""
    try:
        return Verifier.read(receipt["signature"]["key"])
    except (NoteBroken, KeyError, TypeError, AttributeError):
        raise Flawed(Flaw.UNREADABLE, "the receipt names no key") from None


def _check(receipt: Json, keys: Iterable[Verifier] | None) -> Checked:
    header = receipt["header"]
    tenant = decode("ten", header["tenant"])
    if receipt["sealed"] is not True:
        raise Flawed(Flaw.NOT_SEALED_YET, "it was given before everything was sealed; ask for it again")
    key = own_key(receipt)
    keys = None if keys is None else list(keys)
    if (keys is not None and key not in keys) or key.name != origin_of(tenant):
        raise Flawed(Flaw.UNKNOWN_KEY, "the receipt is signed by a key that is not trusted here")
    _check_signature(receipt, key)
    said = open_checkpoint(receipt["checkpoint"], origin_of(tenant), _keys_of_checkpoint(receipt, key, keys))
    decision = receipt["decision"]
    content = decision["content"]
    if UUID(content["message_id"]) != decode("msg", header["record_id"]) or UUID(content["tenant_id"]) != tenant:
        raise Flawed(Flaw.MISMATCH, "the decision is about another message")
    _check_decision(decision, said)
    _check_events(receipt["events"], content, said)
    _check_words(receipt["processing"], content, header)
    return Checked(header["tenant"], header["record_id"], content["decision"], said.size, key.text)


def _keys_of_checkpoint(receipt: Json, key: Verifier, keys: Sequence[Verifier] | None) -> list[Verifier]:
    """Who may have signed the checkpoint: a key that is trusted, or one that the receipt names under its signature."""
    named = receipt.get("checkpoint_key")
    return [*([key] if keys is None else keys), *([] if named is None else [Verifier.read(named)])]


def _check_signature(receipt: Json, key: Verifier) -> None:
    signature = dict(receipt["signature"])
    value = bytes.fromhex(signature.pop("value"))
    try:
        signed = canonical.write(receipt | {"signature": signature})
    except canonical.NotCanonical:
        raise Flawed(Flaw.UNREADABLE, "the receipt holds a number that is no integer") from None
    if signature.get("algorithm") != "Ed25519" or not key.holds(value, SIGNED + signed):
        raise Flawed(Flaw.FORGED, "the signature does not fit the receipt")


def _check_decision(decision: Json, said: Checkpoint) -> None:
    tree = decision["tree"]
    leaf = leaf_hash(canonical.write(decision["content"]))
    root = follow(leaf, decision["place"], tree["size"], [bytes.fromhex(one) for one in decision["path"]])
    if root is None or root.hex() != tree["root"]:
        raise Flawed(Flaw.EDITED, "the decision is not in the tree that was sealed")
    if tree["batch_id"] != decision["content"]["batch_id"] or tree["tenant_id"] != decision["content"]["tenant_id"]:
        raise Flawed(Flaw.MISMATCH, "the decision is in a tree of another batch")
    _check_link(decision["link"], tree, said, "the tree of decisions")


def _check_events(events: list[Json], content: Json, said: Checkpoint) -> None:
    named = {content[name] for name in _EVIDENCE if name in content}
    shown = {event["content"]["id"] for event in events}
    if named != shown:
        raise Flawed(Flaw.MISMATCH, "the events are not those that the decision names")
    for event in events:
        inner = event["content"]
        same = UUID(inner["id"]) == decode("cev", event["event_id"]) and inner["occurred_at"] == event["event_time"]
        if inner["person_id"] != content.get("person_id") or inner["record_kind"] != event["event_type"] or not same:
            raise Flawed(Flaw.MISMATCH, f"event {event['event_id']} is not what it is said to be")
        _check_link(event["link"], inner, said, f"event {event['event_id']}")


def _check_link(link: Json, content: Json, said: Checkpoint, what: str) -> None:
    seq = link["seq"]
    digest = canonical.digest(content)
    before, hash_ = bytes.fromhex(link["before"]), bytes.fromhex(link["hash"])
    if not 1 <= seq <= said.size or (seq == 1) != (before == BEGINNING):
        raise Flawed(Flaw.MISMATCH, f"{what} has no place in the chain that was signed")
    if link_hash(seq, before, digest) != hash_:
        raise Flawed(Flaw.EDITED, f"{what} is not what was sealed")
    path = [bytes.fromhex(one) for one in link["path"]]
    if follow(leaf_hash(hash_), seq - 1, said.size, path) != said.root:
        raise Flawed(Flaw.REWRITTEN, f"{what} is not in the chain that was signed")


def _check_words(processing: Json, content: Json, header: Json) -> None:
    """What is told beside the decision is what the decision names."""
    (purpose,) = processing["purposes"]
    notice = processing.get("privacy_notice")
    person = header.get("pii_principal_id")
    if purpose["version"] != content["purpose_version"]:
        raise Flawed(Flaw.MISMATCH, "the purpose is not the one of the decision")
    if (notice is None) != ("notice_version_id" not in content) or (
        notice is not None and decode("ntv", notice["notice_version"]) != UUID(content["notice_version_id"])
    ):
        raise Flawed(Flaw.MISMATCH, "the notice is not the one of the decision")
    if (None if person is None else str(decode("per", person))) != content.get("person_id"):
        raise Flawed(Flaw.MISMATCH, "the person is not the one of the decision")
