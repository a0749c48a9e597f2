"""`/v1/retention-rules`, `/v1/holds`, `/v1/destruction-runs` and `/v1/destruction-tasks`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import MISSING

from app.audit.record import record
from app.consents.fields import PersonId, known
from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.people.queries import find_person
from app.purposes.errors import UnknownPurpose
from app.retention import errors, queries, schemas
from app.retention import hold as holds
from app.retention.choose import Choice, choose
from app.retention.sign import Place, add_task, get_task, sign
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1", tags=["retention"])

Reading = Annotated[Transaction, reads("retention:read")]
Writing = Annotated[Transaction, writes("retention:write")]


@router.get("/retention-rules", response_model=schemas.RetentionRulePage)
async def list_retention_rules(tx: Reading) -> schemas.RetentionRulePage:
    """List how long each kind of data is kept, for which purpose, by which law, and what may be chosen."""
    return await _rules(tx)


@router.put(
    "/retention-rules",
    response_model=schemas.RetentionRulePage,
    responses=declares(errors.UnknownDataClass, errors.RetentionOutOfBounds, errors.EvidenceOutlived, UnknownPurpose),
)
async def update_retention_rules(tx: Writing, body: schemas.RetentionChoices) -> schemas.RetentionRulePage:
    """Choose how long kinds of data are kept, within their bounds. The next run keeps to it."""
    choices = [Choice(one.data_class, known(one.purpose), known(one.keep_days)) for one in body.rules]
    await choose(tx.session, tx.tenant, choices)
    detail = {"rules": [[one.data_class, one.purpose, one.keep_days] for one in choices]}
    await record(tx.session, tx.tenant, action="retention.chosen", actor=name_actor(tx.caller), detail=detail)
    return await _rules(tx)


async def _rules(tx: Transaction) -> schemas.RetentionRulePage:
    rules = await queries.list_rules(tx.session, tx.tenant)
    data = [schemas.RetentionRule.model_validate(rule, from_attributes=True) for rule in rules]
    return schemas.RetentionRulePage(data=data, next_cursor=None, has_more=False)


@router.post("/people/{person_id}/holds", status_code=201, response_model=schemas.Hold, responses=declares(NotFound))
async def create_hold(request: Repeatable, tx: Writing, person_id: PersonId, body: schemas.NewHold) -> Response:
    """Hold a person's records: nothing of theirs is destroyed, and they cannot be erased, until it is lifted."""

    async def work() -> Answer:
        if await find_person(tx.session, tx.tenant, person_id) is None:
            raise NotFound
        hold = await holds.place_hold(
            tx.session,
            tx.tenant,
            person_id,
            reason=body.reason,
            reference=known(body.reference),
            actor=name_actor(tx.caller),
        )
        return answer_with(201, _hold(hold), location=f"/v1/holds/{encode('hld', hold.id)}")

    return await once(tx, request, work)


@router.get("/holds", response_model=schemas.HoldPage)
async def list_holds(
    tx: Reading,
    asked: AskedPage,
    person: Annotated[PersonId | MISSING, Query(description="Of this person only.")] = MISSING,
) -> schemas.HoldPage:
    """List holds in the order they were placed, lifted ones too."""
    one = known(person)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_holds(tx.session, tx.tenant, person=one, after=after, limit=limit),
        filters={"person": None if one is None else encode("per", one)},
    )
    return schemas.HoldPage(
        data=[_hold(hold) for hold in page.rows], next_cursor=page.next_cursor, has_more=page.has_more
    )


@router.get("/holds/{hold_id}", response_model=schemas.Hold, responses=declares(errors.HoldUnknown))
async def get_hold(tx: Reading, hold_id: schemas.HoldId) -> schemas.Hold:
    """See one hold."""
    hold = await queries.find_hold(tx.session, tx.tenant, hold_id)
    if hold is None:
        raise errors.HoldUnknown
    return _hold(hold)


@router.post(
    "/holds/{hold_id}/lift",
    response_model=schemas.Hold,
    responses=declares(errors.HoldUnknown, errors.HoldLifted),
)
async def lift_hold(request: Repeatable, tx: Writing, hold_id: schemas.HoldId) -> Response:
    """Lift a hold: the next run destroys what is over by then."""

    async def work() -> Answer:
        return answer_with(
            200, _hold(await holds.lift_hold(tx.session, tx.tenant, hold_id, actor=name_actor(tx.caller)))
        )

    return await once(tx, request, work)


@router.get("/destruction-runs", response_model=schemas.DestructionRunPage)
async def list_destruction_runs(tx: Reading, asked: AskedPage) -> schemas.DestructionRunPage:
    """List the log of destruction, newest first."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_runs(tx.session, tx.tenant, after=after, limit=limit)
    )
    return schemas.DestructionRunPage(
        data=[schemas.DestructionRun(**_run(row)) for row in page.rows],
        next_cursor=page.next_cursor,
        has_more=page.has_more,
    )


@router.get(
    "/destruction-runs/{run_id}",
    response_model=schemas.DestructionReport,
    responses=declares(errors.DestructionRunUnknown),
)
async def get_destruction_run(tx: Reading, run_id: schemas.DestructionRunId) -> schemas.DestructionReport:
    """See what one run destroyed: how much of what, by which rule and law."""
    row = await queries.find_run(tx.session, tx.tenant, run_id)
    if row is None:
        raise errors.DestructionRunUnknown
    items = await queries.list_items(tx.session, tx.tenant, run_id)
    shown = [schemas.DestructionItem.model_validate(item, from_attributes=True) for item in items]
    return schemas.DestructionReport(**_run(row), items=shown)


@router.post("/destruction-tasks", status_code=201, response_model=schemas.DestructionTask)
async def create_destruction_task(request: Repeatable, tx: Writing, body: schemas.NewDestructionTask) -> Response:
    """Ask for something in an archive to be destroyed by hand within 30 days."""

    async def work() -> Answer:
        place = Place(body.archive, known(body.box), known(body.folder), known(body.page))
        person = known(body.person)
        if person is not None and await find_person(tx.session, tx.tenant, person) is None:
            raise NotFound
        task = await add_task(tx.session, tx.tenant, place, reason=body.reason, person=person)
        shown = _task(await get_task(tx.session, tx.tenant, task))
        return answer_with(201, shown, location=f"/v1/destruction-tasks/{encode('tsk', task)}")

    return await once(tx, request, work)


@router.get("/destruction-tasks", response_model=schemas.DestructionTaskPage)
async def list_destruction_tasks(
    tx: Reading,
    asked: AskedPage,
    only_open: Annotated[bool, Query(description="Those that nobody signed yet.")] = False,
) -> schemas.DestructionTaskPage:
    """List what has to be destroyed by hand, and what was."""
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_tasks(tx.session, tx.tenant, only_open=only_open, after=after, limit=limit),
        filters={"only_open": only_open},
    )
    return schemas.DestructionTaskPage(
        data=[_task(row) for row in page.rows], next_cursor=page.next_cursor, has_more=page.has_more
    )


@router.get(
    "/destruction-tasks/{task_id}",
    response_model=schemas.DestructionTask,
    responses=declares(errors.DestructionTaskUnknown),
)
async def get_destruction_task(tx: Reading, task_id: schemas.DestructionTaskId) -> schemas.DestructionTask:
    """See one task."""
    return _task(await get_task(tx.session, tx.tenant, task_id))


@router.post(
    "/destruction-tasks/{task_id}/sign",
    response_model=schemas.DestructionTask,
    responses=declares(errors.DestructionTaskUnknown, errors.DestructionTaskSigned),
)
async def sign_destruction_task(
    request: Repeatable, tx: Writing, task_id: schemas.DestructionTaskId, body: schemas.DestructionSignature
) -> Response:
    """Sign that a thing was destroyed: how, and who answers for it. It enters the log of destruction."""

    async def work() -> Answer:
        signed = await sign(
            tx.session,
            tx.tenant,
            task_id,
            method=body.method,
            signed_by=body.signed_by,
            actor=name_actor(tx.caller),
        )
        return answer_with(200, _task(signed))

    return await once(tx, request, work)


def _hold(hold: queries.Hold) -> schemas.Hold:
    return schemas.Hold(
        id=hold.id,
        person=hold.person_id,
        reason=hold.reason,
        reference=hold.reference,
        placed_at=hold.placed_at,
        lifted_at=hold.lifted_at,
    )


def _run(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    return values | {"person": values.pop("person_id")}


def _task(row: Any) -> schemas.DestructionTask:
    values = dict(row._mapping)
    return schemas.DestructionTask(person=values.pop("person_id"), **values)
