"""Judge a consent before it is written: pure, so that a whole call is judged before the first row is touched."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from app.consents.errors import (
    ApprovalNotApplicable,
    ConsentNotApplicable,
    IysAttestationMissing,
    MethodMissing,
    NoticeDoesNotCoverPurpose,
    NoticeVersionMissing,
    TimeOutOfRange,
    UnknownNoticeVersion,
)
from app.consents.rows import Consent, time_fault
from app.kit.errors import Invalid
from app.purposes.errors import UnknownPurpose
from app.purposes.queries import Purpose

Notices = Mapping[UUID, frozenset[int]]  # a version's id -> the purposes it covers
Wrong = tuple[str, type[Invalid]]  # the field, and what is wrong with it


def judge(
    row: Consent, purposes: Mapping[str, Purpose], notices: Notices, *, iys_attested: bool, now: datetime
) -> Wrong | None:
    """The first thing that is wrong with the row, or None. The number is not looked at here."""
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
    return _judge_notice(row, purpose, notices) or _judge_proof(row, iys_attested)


def _judge_notice(row: Consent, purpose: Purpose, notices: Notices) -> Wrong | None:
    if row.notice_version_id is None:
        if row.kind == "explicit_consent" and row.act == "given":
            return "notice_version_id", NoticeVersionMissing
        return None
    covered = notices.get(row.notice_version_id)
    if covered is None:
        return "notice_version_id", UnknownNoticeVersion
    return None if purpose.id in covered else ("notice_version_id", NoticeDoesNotCoverPurpose)


def _judge_proof(row: Consent, iys_attested: bool) -> Wrong | None:
    if row.act != "given":
        return None
    if row.kind == "explicit_consent" and row.method is None:
        return "method", MethodMissing
    if row.kind == "commercial_approval" and iys_attested and row.iys is None:
        return "iys", IysAttestationMissing
    return None
