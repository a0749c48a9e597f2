"""Make an offer: the words of one question, and the link that a person uses first. And end it again."""

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from app.audit.record import record
from app.consents.errors import (
    ApprovalNotApplicable,
    ConsentNotApplicable,
    NoticeDoesNotCoverPurpose,
    UnknownNoticeVersion,
)
from app.kit.db import Session
from app.kit.errors import FieldError, Invalid
from app.kit.ids import encode, new_id
from app.optins.errors import NextOptInInvalid, OptInSenderUnknown, QuestionTooLong, StartTaken, StopWordInWords
from app.optins.keywords import is_stop, may_mean_stop
from app.optins.models import opt_in_offers
from app.optins.queries import Offer, find_offer_on_start, find_offers, find_told, get_offer
from app.optins.tokens import new_code
from app.optins.words import FIRST_WORDS, Language, OfferKind, question
from app.purposes.queries import Purpose, get_purpose
from app.senders.queries import find_sender
from app.whatsapp.payloads import MAX_QUESTION_LENGTH

PREFIX: Final = "opt"


@dataclass(frozen=True, slots=True)
class NewOffer:
    """What shall be asked. `text` is the tenant's own sentence; purpose, effect, notice and refusal are added to it."""

    sender_id: UUID
    purpose: str
    kind: OfferKind
    notice_version_id: UUID
    text: str
    language: Language
    notice_url: str | None = None
    words: str | None = None
    next_id: UUID | None = None
    answers_start: bool = False


async def make_offer(session: Session, tenant: UUID, new: NewOffer, *, actor: str) -> Offer:
    """Keep one offer about one act.

    Raises UnknownPurpose, ConsentNotApplicable, ApprovalNotApplicable, UnknownNoticeVersion,
    NoticeDoesNotCoverPurpose, OptInSenderUnknown, QuestionTooLong, StopWordInWords, NextOptInInvalid, StartTaken.
    """
    purpose = await get_purpose(session, new.purpose)
    if not purpose.needs_consent:
        raise _at(ConsentNotApplicable, "/purpose")
    if new.kind == "commercial_approval" and not purpose.commercial:
        raise _at(ApprovalNotApplicable, "/kind")
    if await find_sender(session, tenant, new.sender_id) is None:
        raise _at(OptInSenderUnknown, "/sender")
    asked = await _question(session, tenant, new, purpose)
    words = FIRST_WORDS[new.language] if new.words is None else new.words
    if "\n" in words or is_stop(words) or may_mean_stop(words):
        raise _at(StopWordInWords, "/words")
    await _check_next(session, tenant, new, purpose)
    if new.answers_start and await find_offer_on_start(session, tenant, new.sender_id) is not None:
        raise StartTaken
    offer_id = new_id()
    row = {
        "id": offer_id,
        "tenant_id": tenant,
        "sender_id": new.sender_id,
        "purpose_id": purpose.id,
        "record_kind": new.kind,
        "notice_version_id": new.notice_version_id,
        "language": new.language,
        "consent_text": new.text,
        "question": asked,
        "question_sha256": hashlib.sha256(asked.encode()).digest(),
        "words": words,
        "code": new_code(),
        "next_id": new.next_id,
        "answers_start": new.answers_start,
    }
    # Of two that want START at the same moment, the index keeps one.
    kept = await session.execute(insert(opt_in_offers).values(row).on_conflict_do_nothing())
    if not kept.rowcount:
        raise StartTaken
    detail = {"purpose": purpose.key, "kind": new.kind}
    await record(session, tenant, action="opt_in.made", actor=actor, object_id=encode(PREFIX, offer_id), detail=detail)
    return await get_offer(session, tenant, offer_id)


async def end_offer(session: Session, tenant: UUID, offer_id: UUID, *, actor: str) -> Offer:
    """No more challenges begin from it; those that were asked can still be answered. Raises NotFound."""
    await get_offer(session, tenant, offer_id)
    table = opt_in_offers.c
    ended = await session.execute(
        update(opt_in_offers)
        .where(table.tenant_id == tenant, table.id == offer_id, table.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
    )
    if ended.rowcount:
        await record(session, tenant, action="opt_in.ended", actor=actor, object_id=encode(PREFIX, offer_id))
    return await get_offer(session, tenant, offer_id)


def link_of(offer: Offer) -> str:
    """The click-to-chat address with the words and the code, for a page or a QR code (Meta, wa.me links, 2026)."""
    digits = "".join(c for c in offer.display_phone_number if c in "0123456789")
    return f"https://wa.me/{digits}?text={quote(f'{offer.words} TP-{offer.code}', safe='')}"


async def _question(session: Session, tenant: UUID, new: NewOffer, purpose: Purpose) -> str:
    told = await find_told(session, tenant, new.notice_version_id)
    if told is None:
        raise _at(UnknownNoticeVersion, "/notice_version_id")
    if purpose.id not in told.purpose_ids:
        raise _at(NoticeDoesNotCoverPurpose, "/notice_version_id")
    asked = question(
        new.language,
        new.kind,
        new.text,
        title=purpose.title_tr if new.language == "tr" else purpose.title_en,
        notice=told.title,
        version=told.version,
        url=new.notice_url or "",
    )
    if len(asked) > MAX_QUESTION_LENGTH:
        raise _at(QuestionTooLong, "/text")
    return asked


async def _check_next(session: Session, tenant: UUID, new: NewOffer, purpose: Purpose) -> None:
    if new.next_id is None:
        return
    after = (await find_offers(session, tenant, [new.next_id])).get(new.next_id)
    same_act = after is not None and (after.purpose_id, after.record_kind) == (purpose.id, new.kind)
    if after is None or after.sender_id != new.sender_id or after.ended_at is not None or same_act:
        raise _at(NextOptInInvalid, "/next")


def _at(error: type[Invalid], pointer: str) -> Invalid:
    return error(errors=[FieldError(pointer, error.code, error.message())])
