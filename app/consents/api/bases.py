"""`/v1/bases`: what messages rest on when it is not consent."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Response

from app.consents import assert_basis, schemas
from app.consents.errors import BasisNotApplicable, RowsInvalid
from app.consents.fields import MOST_BYTES, known
from app.consents.read_rows import Read, read_rows, reject, tell
from app.consents.rows import Basis
from app.consents.rows import Recorded as Outcome
from app.kit.clock import utc_now
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.tenants.door import Transaction, writes
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter(prefix="/bases")

Writing = Annotated[Transaction, writes("consents:write")]


@router.post("", response_model=schemas.Recorded, responses=declares(RowsInvalid, BasisNotApplicable))
@accepts_up_to(MOST_BYTES)
async def assert_bases(request: Repeatable, tx: Writing, body: schemas.AssertBases) -> Response:
    """Assert up to 10,000 bases other than consent: the contract or order that messages rest on."""

    async def work() -> Answer:
        skip = body.on_invalid == "skip"
        read = read_rows("bases", body.bases, schemas.NewBasis, _asserted)
        if not skip:
            reject(read.wrong)
        outcome = await assert_basis.assert_bases(
            tx.session, tx.tenant, tx.keys, read.rows, api_key_id=tx.caller.key_id, skip=skip
        )
        return _answer("consents.bases_asserted", read, outcome, skip=skip)

    return await once(tx, request, work)


@router.post("/end", response_model=schemas.Recorded, responses=declares(RowsInvalid, BasisNotApplicable))
@accepts_up_to(MOST_BYTES)
async def end_bases(request: Repeatable, tx: Writing, body: schemas.EndBases) -> Response:
    """End up to 10,000 bases: nothing more is sent on them, from this answer on."""

    async def work() -> Answer:
        skip = body.on_invalid == "skip"
        read = read_rows("bases", body.bases, schemas.EndedBasis, _ended)
        if not skip:
            reject(read.wrong)
        outcome = await assert_basis.end_bases(
            tx.session, tx.tenant, tx.keys, read.rows, api_key_id=tx.caller.key_id, skip=skip
        )
        return _answer("consents.bases_ended", read, outcome, skip=skip)

    return await once(tx, request, work)


def _answer(event: str, read: Read[Basis], outcome: Outcome, *, skip: bool) -> Answer:
    wrong = read.after(outcome)
    if not skip:
        reject(wrong)
    log.info(event, size=outcome.recorded, rejected=len(wrong))
    return answer_with(200, tell(outcome.recorded, wrong))


def _asserted(row: schemas.NewBasis) -> Basis:
    return Basis(
        row.purpose,
        known(row.occurred_at) or utc_now(),
        row.channel,
        known(row.to),
        known(row.user_id),
        row.reference,
        known(row.law_article),
        known(row.valid_until),
    )


def _ended(row: schemas.EndedBasis) -> Basis:
    return Basis(
        row.purpose,
        known(row.occurred_at) or utc_now(),
        row.channel,
        known(row.to),
        known(row.user_id),
    )
