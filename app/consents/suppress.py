"""Suppress: stop messages to people regardless of consent; and lift that again."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from app.consents.acts import Channel, Entity, SuppressionAct, SuppressionKind
from app.consents.errors import ObjectionIsThePersons
from app.consents.restrict import restrict
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.people.still import hold_still

ALL, MARKETING = "all", "marketing"  # the two scopes beside the purposes' keys

_suppress = sql_beside(__file__)


async def suppress(
    session: Session,
    tenant: UUID,
    people: Iterable[UUID],
    scope: str,
    *,
    raised_by: Entity,
    kind: SuppressionKind = "suppression",
    channel: Channel,
    occurred_at: datetime,
    method: str | None = None,
    api_key_id: UUID | None = None,
) -> int:
    """Raise a suppression of `scope` ('all', 'marketing', or a purpose's key) for these people. How many people.

    It touches no row that a running import of consents holds, so it does not wait for one. Raises
    ObjectionIsThePersons for an objection of anybody but the person.
    """
    ids = list(dict.fromkeys(people))
    _check_objection(kind, raised_by)
    moved = await restrict(session, tenant, ids)
    ids = list(dict.fromkeys(moved.get(id_, id_) for id_ in ids))
    await _write(session, tenant, ids, "raised", (scope, raised_by, kind), (channel, occurred_at, method, api_key_id))
    return len(ids)


async def lift(
    session: Session,
    tenant: UUID,
    people: Iterable[UUID],
    scope: str,
    *,
    lifted_by: Entity,
    kind: SuppressionKind = "suppression",
    channel: Channel,
    occurred_at: datetime,
    method: str | None = None,
    api_key_id: UUID | None = None,
) -> int:
    """Lift what `lifted_by` raised, of that kind and scope; nobody lifts what another raised. How many people.

    So a platform's *resume* leaves the person's own stop in force. Raises ObjectionIsThePersons when anybody but the
    person lifts an objection (Law 6698, article 11/1-g: it is theirs).
    """
    ids = list(dict.fromkeys(people))
    _check_objection(kind, lifted_by)
    moved = await hold_still(session, tenant, ids)
    ids = list(dict.fromkeys(moved.get(id_, id_) for id_ in ids))
    await _write(session, tenant, ids, "lifted", (scope, lifted_by, kind), (channel, occurred_at, method, api_key_id))
    return len(ids)


def _check_objection(kind: SuppressionKind, entity: Entity) -> None:
    if kind == "objection" and entity != "person":
        raise ObjectionIsThePersons


async def _write(
    session: Session,
    tenant: UUID,
    people: list[UUID],
    act: SuppressionAct,
    what: tuple[str, Entity, SuppressionKind],
    how: tuple[Channel, datetime, str | None, UUID | None],
) -> None:
    scope, entity, kind = what
    channel, occurred_at, method, api_key_id = how
    await session.execute(
        _suppress,
        {
            "tenant": tenant,
            "people": sorted(people),
            "act": act,
            "scope": scope,
            "entity": entity,
            "kind": kind,
            "channel": channel,
            "occurred_at": occurred_at,
            "method": method,
            "api_key": api_key_id,
        },
    )
