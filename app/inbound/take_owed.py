"""Take owed replies: leased and composed in one transaction, so that a STOP that came first leaves nothing to ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

import structlog
from sqlalchemy import Row, text, update

from app.inbound.models import chat_replies
from app.inbound.owe import ReplyKind
from app.inbound.words import START_HELP, stop_confirmation
from app.kit.crypto import Unsealable
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.optins.compose import Composed, compose, note_said
from app.people.seal import unseal_alias
from app.purposes.queries import Purpose, list_purposes
from app.runtime import Runtime, TenantKeys
from app.senders.token import open_token
from app.tenants.keys import get_tenant_keys

log = structlog.get_logger()

PAGE: Final = 40  # about five posts after each other for each of the eight at once

_take = sql_beside(__file__)
_lost = text(
    "UPDATE chat_replies SET state = 'uncertain', done_at = clock_timestamp() WHERE tenant_id = :tenant"
    " AND state = 'taken' AND taken_at < clock_timestamp() - interval '60 seconds'"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One reply, ready to be posted. `tries` counts this one."""

    id: UUID
    kind: ReplyKind
    person_id: UUID
    challenge_id: UUID | None
    tries: int
    phone_number_id: str
    token: str = field(repr=False)
    to: str | None = field(repr=False)
    user_id: str | None = field(repr=False)
    text: str = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = field(repr=False)


async def take_owed(run: Runtime, tenant: UUID) -> list[Outgoing]:
    """The tenant's next replies, oldest first. What cannot be said any more lapses here.

    That is: a window that closed, a sender that is paused or gone, a person who was erased, a question that a STOP
    answered. Replies that a crash left under way more than a minute ago are uncertain and never posted again.
    """
    async with run.db.begin(tenant) as session:
        await session.execute(_lost, {"tenant": tenant})
        keys = await get_tenant_keys(run, session, tenant)
        purposes = {purpose.key: purpose for purpose in await list_purposes(session)}
        rows = (await session.execute(_take, {"tenant": tenant, "limit": PAGE})).all()
        ready: list[Outgoing] = []
        for row in rows:
            one = await _ready(run, session, tenant, keys, row, purposes) if row.sayable else None
            if one is None:
                await _lapse(session, tenant, row)
            else:
                ready.append(one)
    return ready


async def _ready(
    run: Runtime,
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    row: Row[Any],
    purposes: Mapping[str, Purpose],
) -> Outgoing | None:
    try:
        value = unseal_alias(keys, row.key_salt, row.person_id, row.value_ct)
        token = open_token(run, row.token_ct, row.sender_id)
    except Unsealable:
        log.error("inbound.reply_unsealable", reply_id=str(row.id))
        return None
    composed: Composed | None
    match row.kind:
        case "stop_confirmation":
            composed = Composed(stop_confirmation(row.keyword, purposes.get(row.scope or "")))
        case "start_help":
            composed = Composed(START_HELP)
        case _:
            composed = await compose(session, tenant, keys, row.kind, row.challenge_id)
    if composed is None:
        return None
    by_number = row.alias_kind != "bsuid"
    return Outgoing(
        row.id,
        cast(ReplyKind, row.kind),
        row.person_id,
        row.challenge_id,
        row.tries,
        row.phone_number_id,
        token,
        to=value if by_number else None,
        user_id=None if by_number else value,
        text=composed.text,
        buttons=tuple(composed.buttons),
    )


async def _lapse(session: Session, tenant: UUID, row: Row[Any]) -> None:
    table = chat_replies.c
    await session.execute(
        update(chat_replies).where(table.tenant_id == tenant, table.id == row.id).values(state="lapsed")
    )
    if row.kind == "opt_in_question":
        await note_said(session, tenant, "opt_in_question", row.challenge_id, said=False)
    log.info("inbound.reply_lapsed", tenant_id=str(tenant), kind=row.kind)
