"""Judge a consent before it is written: pure, so that a whole call is judged before the first row is touched."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from uuid import UUID

from app.consents.errors import (
    ApprovalNotApplicable,
    ConsentNotApplicable,
    IysAttestationMissing,
    MethodMissing,
    NoticeDoesNotCoverPurpose,
    NoticeTooNew,
    NoticeVersionMissing,
    TimeOutOfRange,
    UnknownEvidence,
    UnknownNoticeVersion,
)
from app.consents.queries import Shown
from app.consents.rows import Consent, time_fault
from app.kit.errors import Invalid
from app.purposes.errors import UnknownPurpose
from app.purposes.queries import Purpose

Notices = Mapping[UUID, Shown]
Wrong = tuple[str, type[Invalid]]  # the field, and what is wrong with it


def judge(
    row: Consent, purposes: Mapping[str, Purpose], notices: Notices, evidence: AbstractSet[UUID], *, now: datetime
) -> Wrong | None:
    """The first thing that is wrong with what the row says, or None. Not looked at: the number, and what proves it."""
    purpose = purposes.get(row.purpose)
    if purpose is None:
        return "purpose", UnknownPurpose
    if not purpose.needs_consent:
        return "purpose", ConsentNotApplicable
    if row.kind == "commercial_approval" and not purpose.commercial:
        return "purpose", ApprovalNotApplicable
    if (field := time_fault(row.occurred_at, row.valid_until, now)) is not None:
        return field, TimeOutOfRange
    if row.iys is not None and row.iys.date > (now + timedelta(days=1)).date():  # wherever it is tomorrow already
        return "iys/date", TimeOutOfRange
    if not evidence >= set(row.circumstances.evidence_ids):
        return "evidence_ids", UnknownEvidence
    return _judge_notice(row, purpose, notices)


def _judge_notice(row: Consent, purpose: Purpose, notices: Notices) -> Wrong | None:
    if row.notice_version_id is None:
        return None
    shown = notices.get(row.notice_version_id)
    if shown is None:
        return "notice_version_id", UnknownNoticeVersion
    if purpose.id not in shown.purposes:
        return "notice_version_id", NoticeDoesNotCoverPurpose
    if row.notice_shown_at is not None and not shown.since <= row.notice_shown_at <= row.occurred_at:
        return "notice_shown_at", TimeOutOfRange
    if row.act == "given" and row.occurred_at < shown.since:
        return "notice_version_id", NoticeTooNew
    return None


def lacks_proof(row: Consent, *, iys_attested: bool) -> Wrong | None:
    """What is missing to show that the person agreed, or None. Only what opens has to be proved.

    A consent must name the notice version that the person was shown, and how they agreed (Law 6698, articles 3/1-a and
    10: the burden lies with whoever relies on it). An approval must be in the message management system (Law 6563,
    article 11/5); where that is not asked for, it must at least say how it was given.
    """
    if row.act != "given":
        return None
    if row.kind == "explicit_consent":
        if row.notice_version_id is None:
            return "notice_version_id", NoticeVersionMissing
        return ("method", MethodMissing) if row.method is None else None
    if row.iys is None:
        if iys_attested:
            return "iys", IysAttestationMissing
        return ("method", MethodMissing) if row.method is None else None
    return None
