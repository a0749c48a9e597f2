"""`/v1/consents`: record, check, withdraw."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import structlog
from fastapi import APIRouter, Response
from pydantic import MISSING

from app.consents import schemas
from app.consents.check import UNREADABLE, Verdict, check
from app.consents.errors import (
    ConsentNotApplicable,
    NoticeDoesNotCoverPurpose,
    NumberInvalid,
    RowsInvalid,
)
from app.consents.fields import MOST_BYTES, known
from app.consents.name_people import name_people
from app.consents.read_consent import read_consent
from app.consents.read_rows import read_rows, reject, tell, tell_consents
from app.consents.record import record
from app.consents.who import Named, name
from app.consents.withdraw import withdraw
from app.kit.errors import FieldError, Invalid
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.kit.tasks import end_tasks
from app.purposes.errors import PurposeNotSendable, UnknownPurpose
from app.purposes.queries import Purpose, get_purpose, list_purposes
from app.tenants.door import Transaction, reads, writes
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter(prefix="/consents")

SLICE = 2_500
_Slice = list[tuple[schemas.CheckedRecipient, Named | None]]

Reading = Annotated[Transaction, reads("consents:read")]
Writing = Annotated[Transaction, writes("consents:write")]


@router.post(
    "",
    response_model=schemas.RecordedConsents,
    responses=declares(RowsInvalid, ConsentNotApplicable, NoticeDoesNotCoverPurpose),
)
@accepts_up_to(MOST_BYTES)
async def record_consents(request: Repeatable, tx: Writing, body: schemas.RecordConsents) -> Response:
    """Record up to 10,000 consents and approvals, given or refused.

    The newest act of a person, purpose and kind counts, in whatever order they arrive; on equal times the one that
    restricts. People who are not known yet are made. What was given as a condition, or together with something else,
    or by a minor, is kept and does not count: `not_counted` names those rows.
    """

    async def work() -> Answer:
        skip = body.on_invalid == "skip"
        read = read_rows("consents", body.consents, schemas.NewConsent, read_consent)
        if not skip:
            reject(read.wrong)
        attested = tx.run.settings.iys_mode == "attested"
        outcome = await record(
            tx.session,
            tx.tenant,
            tx.keys,
            read.rows,
            api_key_id=tx.caller.key_id,
            iys_attested=attested,
            skip=skip,
        )
        wrong = read.after(outcome)
        if not skip:
            reject(wrong)
        log.info("consents.recorded", size=outcome.recorded, rejected=len(wrong), not_counted=len(outcome.discounted))
        return answer_with(200, tell_consents(read, outcome, wrong))

    return await once(tx, request, work)


@router.post(
    "/check",
    response_model=schemas.ConsentVerdicts,
    responses=declares(UnknownPurpose, PurposeNotSendable),
)
@accepts_up_to(MOST_BYTES)
async def check_consents(tx: Reading, body: schemas.CheckConsents) -> Response:
    """Check up to 10,000 people against the gate, as a send would. Changes nothing."""
    purpose = await get_purpose(tx.session, body.purpose)
    if not purpose.sendable:
        raise PurposeNotSendable
    return Response(await _verdicts(tx, purpose, body.recipients), media_type="application/json")


@router.post(
    "/withdraw",
    response_model=schemas.Recorded,
    responses=declares(UnknownPurpose, ConsentNotApplicable, NumberInvalid),
)
@accepts_up_to(MOST_BYTES)
async def withdraw_consents(request: Repeatable, tx: Writing, body: schemas.WithdrawConsents) -> Response:
    """Withdraw people's consents and approvals, in effect when this is answered.

    A withdrawal is kept even for somebody who is not known yet: an older consent that is imported later has no effect.
    `recorded` counts people.
    """

    async def work() -> Answer:
        purposes = await _withdrawable(tx, body)
        met = await name_people(tx, body.people, body.occurred_at, skip=body.on_invalid == "skip")
        await withdraw(
            tx.session,
            tx.tenant,
            dict.fromkeys(met.people, met.occurred_at),
            purposes,
            channel=body.channel,
            method=known(body.method),
            api_key_id=tx.caller.key_id,
        )
        log.info("consents.withdrawn", size=met.rows, purposes=len(purposes))
        return answer_with(200, tell(met.rows, met.wrong))

    return await once(tx, request, work)


async def _verdicts(tx: Transaction, purpose: Purpose, recipients: Sequence[schemas.CheckedRecipient]) -> bytes:
    """A ConsentVerdicts as JSON. Ten thousand models would cost more than asking the gate about them.

    In slices: while the database judges one, the next is named and the one before is written down.
    """
    data: list[dict[str, Any]] = []
    judging: asyncio.Task[list[Verdict]] | None = None
    before: _Slice = []
    try:
        for at in range(0, len(recipients), SLICE):
            named = [(one, name(tx.keys, known(one.to), known(one.user_id))) for one in recipients[at : at + SLICE]]
            verdicts = await judging if judging is not None else []
            judging = asyncio.create_task(_judge(tx, purpose, named))
            await asyncio.sleep(0)  # the question leaves before its predecessor's answer is written down
            _show(data, before, verdicts)
            before = named
        if judging is not None:
            _show(data, before, await judging)
    finally:
        if judging is not None:
            await end_tasks(judging)  # nobody may use the connection once we are gone
    allowed = sum(one["allowed"] for one in data)
    told = {"purpose": purpose.key, "allowed": allowed, "refused": len(data) - allowed, "data": data}
    return msgspec.json.encode(told)


async def _judge(tx: Transaction, purpose: Purpose, named: _Slice) -> list[Verdict]:
    return await check(tx.session, tx.tenant, purpose.id, [who.hash for _, who in named if who is not None])


def _show(data: list[dict[str, Any]], named: _Slice, verdicts: Sequence[Verdict]) -> None:
    """Write a slice down behind the ones before it."""
    waiting = iter(verdicts)
    for given, who in named:
        verdict = UNREADABLE if who is None else next(waiting)
        data.append(
            {
                "index": len(data),
                "reference": known(given.reference),
                "person_id": None if verdict.person_id is None else encode("per", verdict.person_id),
                "allowed": verdict.refusal is None,
                "refusal": verdict.refusal,
                "refused_for": verdict.refused_for,
            }
        )


async def _withdrawable(tx: Transaction, body: schemas.WithdrawConsents) -> list[Purpose]:
    """The purposes named, or all that rest on consent. Raises UnknownPurpose, ConsentNotApplicable."""
    registry: Mapping[str, Purpose] = {
        purpose.key: purpose for purpose in await list_purposes(tx.session) if purpose.active
    }
    if body.purposes is MISSING:
        return [purpose for purpose in registry.values() if purpose.needs_consent]
    for index, key in enumerate(body.purposes):
        if key not in registry:
            raise _at(UnknownPurpose, index)
        if not registry[key].needs_consent:
            raise _at(ConsentNotApplicable, index)
    return [registry[key] for key in dict.fromkeys(body.purposes)]


def _at(error: type[Invalid], index: int) -> Invalid:
    return error(errors=[FieldError(f"/purposes/{index}", error.code, error.message())])
