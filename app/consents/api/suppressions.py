"""`/v1/suppressions`: what stops messages regardless of consent."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Response
from pydantic import MISSING

from app.consents import queries, schemas
from app.consents.errors import NumberInvalid, ObjectionIsThePersons, UnknownScope
from app.consents.fields import MOST_BYTES, PersonId, known
from app.consents.name_people import name_people
from app.consents.read_rows import tell
from app.consents.suppress import ALL, MARKETING, lift, suppress
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.purposes.queries import find_purpose
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter(prefix="/suppressions")

Reading = Annotated[Transaction, reads("consents:read")]
Writing = Annotated[Transaction, writes("consents:write")]


@router.post(
    "",
    response_model=schemas.Recorded,
    responses=declares(UnknownScope, ObjectionIsThePersons, NumberInvalid),
)
@accepts_up_to(MOST_BYTES)
async def raise_suppressions(request: Repeatable, tx: Writing, body: schemas.SuppressionAct) -> Response:
    """Stop messages to people, in effect when this is answered.

    `all` stops everything, `marketing` every marketing purpose, a purpose's key that purpose. `recorded` counts people.
    """

    return await once(tx, request, lambda: _act(tx, body, lifting=False))


@router.post(
    "/lift",
    response_model=schemas.Recorded,
    responses=declares(UnknownScope, ObjectionIsThePersons, NumberInvalid),
)
@accepts_up_to(MOST_BYTES)
async def lift_suppressions(request: Repeatable, tx: Writing, body: schemas.SuppressionAct) -> Response:
    """Lift what `by` raised for people, of that scope and kind. What somebody else raised stays in force.

    Lifting gives no consent: one that was withdrawn has to be given again.
    """

    return await once(tx, request, lambda: _act(tx, body, lifting=True))


@router.get("", response_model=schemas.SuppressionPage)
async def list_suppressions(
    tx: Reading,
    asked: AskedPage,
    person: Annotated[PersonId | MISSING, Query(description="Of this person only.")] = MISSING,
) -> schemas.SuppressionPage:
    """List what is stopped now, in the order it was raised."""
    one = known(person)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_suppressions(tx.session, tx.tenant, person=one, after=after, limit=limit),
        filters={"person": None if one is None else encode("per", one)},
    )
    data = [
        schemas.Suppression(
            id=row.id,
            person_id=row.person_id,
            scope=row.scope,
            kind=row.kind,
            raised_by=row.raised_by,
            acted_at=row.acted_at,
        )
        for row in page.rows
    ]
    return schemas.SuppressionPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


async def _act(tx: Transaction, body: schemas.SuppressionAct, *, lifting: bool) -> Answer:
    """Raise or lift what the body says, for everybody it names."""
    await _check_scope(tx, body.scope)
    met = await name_people(tx, body.people, body.occurred_at, skip=body.on_invalid == "skip")
    how: dict[str, Any] = {
        "kind": body.kind,
        "channel": body.channel,
        "occurred_at": met.occurred_at,
        "method": known(body.method),
        "api_key_id": tx.caller.key_id,
    }
    if lifting:
        await lift(tx.session, tx.tenant, met.people, body.scope, lifted_by=body.by, **how)
    else:
        await suppress(tx.session, tx.tenant, met.people, body.scope, raised_by=body.by, **how)
    event = "consents.lifted" if lifting else "consents.suppressed"
    log.info(event, size=met.rows, scope=body.scope, by=body.by, kind=body.kind)
    return answer_with(200, tell(met.rows, met.wrong))


async def _check_scope(tx: Transaction, scope: str) -> None:
    """Raises UnknownScope."""
    if scope not in (ALL, MARKETING) and await find_purpose(tx.session, scope) is None:
        raise UnknownScope
