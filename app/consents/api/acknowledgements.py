"""`/v1/acknowledgements`: who was shown which notice, and when; and the same seen from the notice."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Response

from app.consents import notice_schemas, queries, schemas
from app.consents.acknowledge import Acknowledgement, acknowledge
from app.consents.errors import NoticeNotAccepted, NoticeTooNew, RowsInvalid, UnknownNoticeVersion
from app.consents.fields import MOST_BYTES, known
from app.consents.read_rows import read_rows, reject, tell
from app.kit.errors import NotFound
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.notices.schemas import NoticeId
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter()

Reading = Annotated[Transaction, reads("consents:read")]
Writing = Annotated[Transaction, writes("consents:write")]
VersionNumber = Annotated[int, Path(ge=1, le=2_000_000_000)]
OF_A_VERSION = "/notices/{notice_id}/versions/{version}/acknowledgements"


@router.post(
    "/acknowledgements",
    response_model=schemas.Recorded,
    responses=declares(RowsInvalid, UnknownNoticeVersion, NoticeTooNew, NoticeNotAccepted),
)
@accepts_up_to(MOST_BYTES)
async def record_acknowledgements(
    request: Repeatable, tx: Writing, body: notice_schemas.RecordAcknowledgements
) -> Response:
    """Record up to 10,000 showings of notices, and the acknowledgements that followed.

    They prove that people were informed. They are no consent, and no message is allowed or refused for them.
    """

    async def work() -> Answer:
        skip = body.on_invalid == "skip"
        read = read_rows("acknowledgements", body.acknowledgements, notice_schemas.NewAcknowledgement, _row)
        if not skip:
            reject(read.wrong)
        outcome = await acknowledge(tx.session, tx.tenant, tx.keys, read.rows, api_key_id=tx.caller.key_id, skip=skip)
        wrong = read.after(outcome)
        if not skip:
            reject(wrong)
        log.info("consents.notices_acknowledged", size=outcome.recorded, rejected=len(wrong))
        return answer_with(200, tell(outcome.recorded, wrong))

    return await once(tx, request, work)


@router.get(OF_A_VERSION, response_model=notice_schemas.AcknowledgementPage, responses=declares(NotFound))
async def list_notice_acknowledgements(
    tx: Reading, asked: AskedPage, notice_id: NoticeId, version: VersionNumber
) -> notice_schemas.AcknowledgementPage:
    """List who was shown a notice version, in any of its languages, and who acknowledged it: oldest first."""
    await _check_version(tx, notice_id, version)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_acknowledgements(
            tx.session, tx.tenant, notice_id, version, after=after, limit=limit
        ),
    )
    data = [notice_schemas.Acknowledgement.model_validate(row, from_attributes=True) for row in page.rows]
    return notice_schemas.AcknowledgementPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get(
    OF_A_VERSION + "/summary", response_model=notice_schemas.AcknowledgementSummary, responses=declares(NotFound)
)
async def get_notice_acknowledgement_summary(
    tx: Reading, notice_id: NoticeId, version: VersionNumber
) -> notice_schemas.AcknowledgementSummary:
    """Count how often a notice version was shown and acknowledged, and by how many people."""
    await _check_version(tx, notice_id, version)
    counted = await queries.count_acknowledgements(tx.session, tx.tenant, notice_id, version)
    return notice_schemas.AcknowledgementSummary(**counted)


async def _check_version(tx: Transaction, notice_id: NoticeId, version: int) -> None:
    """Raises NotFound."""
    if not await queries.notice_version_exists(tx.session, tx.tenant, notice_id, version):
        raise NotFound


def _row(row: notice_schemas.NewAcknowledgement) -> Acknowledgement:
    return Acknowledgement(
        row.notice_version_id,
        row.shown_at,
        row.channel,
        known(row.acknowledged_at),
        known(row.method),
        known(row.to),
        known(row.user_id),
    )
