"""Compose what is said, in the transaction that claims it for posting: only then are the buttons' payloads made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Interval, bindparam, func, literal_column, select, update

from app.kit.db import Session
from app.optins.models import opt_in_challenges
from app.optins.queries import Offer, get_offer
from app.optins.tokens import hash_token, new_token
from app.optins.words import TITLES, SayKind, answered
from app.runtime import TenantKeys

_table = opt_in_challenges.c
_now = func.clock_timestamp()
_day: ColumnElement[timedelta] = literal_column("interval '24 hours'", Interval)
_this = (_table.tenant_id == bindparam("tenant"), _table.id == bindparam("challenge"))
# Asked again only when the first attempt cannot have left; the payloads of that one are worth nothing then.
_ask = (
    update(opt_in_challenges)
    .where(*_this, _table.state.in_(("pending", "asked")), _table.person_wrote_at > _now - _day)
    .values(
        state="asked",
        asked_at=_now,
        expires_at=_now + _day,
        yes_hash=bindparam("yes"),
        no_hash=bindparam("no"),
    )
    .returning(_table.offer_id)
)
_offer_undo = (
    update(opt_in_challenges)
    .where(*_this, _table.state.in_(("given", "awaiting_iys")))
    .values(undo_hash=bindparam("undo"))
    .returning(_table.offer_id)
)
_offer_of = select(_table.offer_id).where(*_this)
_confirmed = update(opt_in_challenges).where(*_this, _table.confirmed_at.is_(None)).values(confirmed_at=_now)
_unasked = update(opt_in_challenges).where(*_this, _table.state.in_(("pending", "asked"))).values(state="not_asked")


@dataclass(frozen=True, slots=True)
class Composed:
    """The words, and the buttons under them: payload and title. The payloads prove the person; never logged."""

    text: str
    buttons: Sequence[tuple[str, str]] = field(default=(), repr=False)


async def compose(
    session: Session, tenant: UUID, keys: TenantKeys, kind: SayKind, challenge_id: UUID
) -> Composed | None:
    """The words of one thing to say; None when it needs no saying any more, as when a STOP came first.

    Of the payloads only keyed hashes are written down.
    """
    this = {"tenant": tenant, "challenge": challenge_id}
    tokens = new_token(), new_token()
    match kind:
        case "opt_in_question":
            hashes = {"yes": hash_token(keys, tokens[0]), "no": hash_token(keys, tokens[1])}
            offer_id = (await session.execute(_ask, this | hashes)).scalar_one_or_none()
        case "opt_in_confirmation":
            offer_id = (
                await session.execute(_offer_undo, this | {"undo": hash_token(keys, tokens[0])})
            ).scalar_one_or_none()
        case _:
            offer_id = (await session.execute(_offer_of, this)).scalar_one_or_none()
    if offer_id is None:
        return None
    return _composed(kind, await get_offer(session, tenant, offer_id), tokens)


def _composed(kind: SayKind, offer: Offer, tokens: tuple[str, str]) -> Composed:
    titles = TITLES[offer.language]
    if kind == "opt_in_question":
        return Composed(offer.question, ((tokens[0], titles.yes), (tokens[1], titles.no)))
    words = answered(kind, offer.language, offer.record_kind, offer.title)
    return Composed(words, ((tokens[0], titles.undo),) if kind == "opt_in_confirmation" else ())


async def note_said(session: Session, tenant: UUID, kind: SayKind, challenge_id: UUID, *, said: bool) -> None:
    """Write down that a confirmation left, or that a question could not be asked."""
    this = {"tenant": tenant, "challenge": challenge_id}
    if said and kind == "opt_in_confirmation":
        await session.execute(_confirmed, this)
    elif not said and kind == "opt_in_question":
        await session.execute(_unasked, this)
