"""Read a consent as it crossed the edge into what the verbs take."""

from typing import Any
from uuid import UUID

from pydantic import MISSING, BaseModel

from app.consents import schemas
from app.consents.acts import Circumstances
from app.consents.discount import discount
from app.consents.fields import known
from app.consents.rows import Consent, Iys

PROXY_REFERENCE = "on_behalf.reference"  # where the proxy's reference stands among the sealed evidence


def read_consent(row: schemas.NewConsent, import_id: UUID | None = None) -> Consent:
    """The row, with why it would not count. What could name somebody goes to the evidence, which is sealed."""
    evidence = dict(row.evidence)
    proxy = known(row.on_behalf)
    proven = bool(evidence or known(row.evidence_ids))
    if proxy is not None and proxy.reference is not MISSING:
        evidence[PROXY_REFERENCE] = proxy.reference
    why = discount(
        is_precondition=known(row.is_precondition) is True,
        bundled=bool(known(row.bundled_with)),
        age=known(row.age_assurance),
        proxy=None if proxy is None else proxy.role,
        has_evidence=proven,
    )
    return Consent(
        row.purpose,
        row.act,
        row.channel,
        row.occurred_at,
        row.kind,
        known(row.to),
        known(row.user_id),
        known(row.notice_version_id),
        known(row.method),
        known(row.valid_until),
        None if row.iys is MISSING else Iys(row.iys.transaction_id, row.iys.date),
        evidence,
        _circumstances(row, import_id),
        known(row.notice_shown_at),
        why if row.act == "given" else None,
    )


def _circumstances(row: schemas.NewConsent, import_id: UUID | None) -> Circumstances:
    given: dict[str, Any] = {
        "notice_shown_at": known(row.notice_shown_at),
        "consent_text": row.consent_text,
        "is_precondition": row.is_precondition,
        "bundled_with": known(row.bundled_with) or MISSING,
        "operator": row.operator,
        "on_behalf": MISSING if row.on_behalf is MISSING else {"role": row.on_behalf.role},
        "age_assurance": row.age_assurance,
        "confirmation": row.confirmation,
        "processing": row.processing,
    }
    return Circumstances(
        known(row.collection_context),
        known(row.language),
        known(row.supersedes),
        known(row.renews),
        import_id=import_id,
        evidence_ids=tuple(dict.fromkeys(known(row.evidence_ids) or ())),
        details={name: _plain(value) for name, value in given.items() if value is not MISSING and value is not None},
    )


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
