"""Answer a challenge: the person tapped. Yes becomes a line of the ledger, no becomes one too; nothing else opens."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, or_, select, update

from app.consents.acts import Circumstances, Entry, GivenAct
from app.consents.append import append
from app.consents.evidence import seal_evidence
from app.consents.narrow import narrow
from app.consents.rows import Iys
from app.kit.db import Session
from app.kit.ids import encode
from app.optins.begin import Say, begin
from app.optins.models import opt_in_challenges
from app.optins.queries import Offer, find_offers, get_offer
from app.optins.tokens import hash_token
from app.people.find import Known
from app.runtime import TenantKeys

log = structlog.get_logger()

PREFIX = "och"
METHOD = "double_opt_in"
_table = opt_in_challenges.c


@dataclass(frozen=True, slots=True)
class Tap:
    """A button was tapped, or a word written that answers a question.

    `by` is the fingerprint of the message that says so, `at` when it was written, never in the future.
    """

    who: tuple[Known, ...]
    by: UUID
    at: datetime
    token: str | None = field(default=None, repr=False)


async def answer(session: Session, tenant: UUID, keys: TenantKeys, tap: Tap, *, iys_attested: bool) -> list[Say]:
    """What a tap does, once: yes within a day of the question opens, no and *take it back* close at any time.

    The caller holds the person's row (`restrict`). A payload that is nobody's, somebody else's, or used up does
    nothing. With `iys_attested` an approval opens only when its İYS transaction is brought (`attest`), because one
    that is not in İYS is void (Law 6563, article 11/5).
    """
    assert tap.token is not None
    hash_ = hash_token(keys, tap.token)
    row = await _find(
        session, tenant, or_(_table.yes_hash == hash_, _table.no_hash == hash_, _table.undo_hash == hash_)
    )
    who = None if row is None else _who(row, tap.who)
    if row is None or who is None:
        log.warning("optins.foreign_tap", tenant_id=str(tenant))
        return []
    if hash_ != row.yes_hash:
        return await _refuse(session, tenant, keys, row, who, tap)
    if row.state != "asked":
        return []
    if tap.at >= row.expires_at:
        return [Say("opt_in_expired", row.id)]
    return await _agree(session, tenant, keys, row, who, tap, iys_attested=iys_attested)


async def answer_no(session: Session, tenant: UUID, keys: TenantKeys, tap: Tap) -> list[Say] | None:
    """A written *no* answers the question that is open; None when none is, so that a human has to read it."""
    mine = or_(
        _table.person_id.in_([one.person_id for one in tap.who]), _table.alias_id.in_([one.alias_id for one in tap.who])
    )
    if await _find(session, tenant, mine & (_table.refused_by == tap.by)) is not None:
        return []
    row = await _find(session, tenant, mine & (_table.state == "asked") & (_table.expires_at > tap.at))
    who = None if row is None else _who(row, tap.who)
    return None if row is None or who is None else await _refuse(session, tenant, keys, row, who, tap)


async def _find(session: Session, tenant: UUID, which: Any) -> Row[Any] | None:
    """The newest challenge of that kind, held until the transaction ends."""
    wanted = select(opt_in_challenges).where(_table.tenant_id == tenant, which)
    found = await session.execute(wanted.order_by(_table.id.desc()).limit(1).with_for_update())
    return found.one_or_none()


def _who(row: Row[Any], who: Collection[Known]) -> Known | None:
    """Who tapped, if it is who was asked: the same alias, or the same person by another one."""
    same = [one for one in who if row.alias_id == one.alias_id or row.person_id == one.person_id]
    return same[0] if same and same[0].salt is not None else None


async def _agree(
    session: Session, tenant: UUID, keys: TenantKeys, row: Row[Any], who: Known, tap: Tap, *, iys_attested: bool
) -> list[Say]:
    offer = await get_offer(session, tenant, row.offer_id)
    waits = iys_attested and offer.record_kind == "commercial_approval"
    digest = hashlib.sha256((tap.token or "").encode()).digest()
    answered = await session.execute(
        update(opt_in_challenges)
        .where(_table.tenant_id == tenant, _table.id == row.id)
        .values(
            state="awaiting_iys" if waits else "given",
            answered_by=tap.by,
            answered_at=tap.at,
            payload_digest=digest,
        )
        .returning(*opt_in_challenges.c)
    )
    if not waits:
        entry = make_entry(keys, answered.one(), offer, who, "given", tap.at)
        await append(session, tenant, [entry], entity="person", api_key_id=None)
        await narrow(session, tenant, who.person_id, offer.purpose, at=tap.at, method=METHOD)
    log.info("optins.given", tenant_id=str(tenant), opt_in_id=encode("opt", offer.id), awaiting_iys=waits)
    return [Say("opt_in_confirmation", row.id), *await _ask_next(session, tenant, offer, who, tap)]


async def _ask_next(session: Session, tenant: UUID, offer: Offer, who: Known, tap: Tap) -> Sequence[Say]:
    """The second act, as a question of its own with a tap of its own. The tap itself opened the window for it."""
    if offer.next_id is None:
        return ()
    after = (await find_offers(session, tenant, [offer.next_id]))[offer.next_id]
    asked = await begin(session, tenant, after, who, by=tap.by, wrote_at=tap.at)
    return () if asked is None else (asked,)


async def _refuse(session: Session, tenant: UUID, keys: TenantKeys, row: Row[Any], who: Known, tap: Tap) -> list[Say]:
    if row.state in ("refused", "not_asked"):
        return []
    offer = await get_offer(session, tenant, row.offer_id)
    # A person's later tap is later, also where two clocks or two taps in one second say otherwise.
    at = tap.at if row.answered_at is None else max(tap.at, row.answered_at)
    await session.execute(
        update(opt_in_challenges)
        .where(_table.tenant_id == tenant, _table.id == row.id)
        .values(state="refused", refused_by=tap.by, refused_at=at)
    )
    entry = make_entry(keys, row, offer, who, "refused", at)
    await append(session, tenant, [entry], entity="person", api_key_id=None)
    log.info("optins.refused", tenant_id=str(tenant), opt_in_id=encode("opt", offer.id))
    return [Say("opt_in_refusal", row.id)]


def make_entry(
    keys: TenantKeys, row: Row[Any], offer: Offer, who: Known, act: GivenAct, at: datetime, *, iys: Iys | None = None
) -> Entry:
    """The ledger's line, with everything that proves it sealed: which words, which messages, when.

    The provider's ids are kept as keyed hashes, because they have the number in them.
    """
    assert who.salt is not None
    proof = {
        "challenge": encode(PREFIX, row.id),
        "question_sha256": offer.question_sha256.hex(),
        "language": offer.language,
        "first_message": row.begun_by.hex,
        "first_message_at": row.person_wrote_at.isoformat(),
        "asked_at": row.asked_at and row.asked_at.isoformat(),
        "tap_message": row.answered_by and row.answered_by.hex,
        "tapped_at": row.answered_at and row.answered_at.isoformat(),
        "payload_sha256": row.payload_digest and row.payload_digest.hex(),
    }
    evidence = {name: str(value) for name, value in proof.items() if value}
    return Entry(
        who.person_id,
        offer.record_kind,
        act,
        offer.purpose_id,
        at,
        "whatsapp",
        METHOD,
        offer.notice_version_id,
        iys_transaction_id=None if iys is None else iys.transaction_id,
        iys_date=None if iys is None else iys.date,
        evidence=seal_evidence(keys, who.salt, who.person_id, evidence),
        circumstances=Circumstances(context="conversation", language=offer.language, challenge_id=row.id),
    )
