"""Compile the registry of processing: what article 16/3 of Law 6698 wants written down, purpose by purpose."""

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.audit.record import record
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import encode, new_id

# What the product keeps of the people it writes to, in the categories of the registry VERBİS: numbers and user ids
# (contact), the values in messages (customer transaction), consents and their evidence (legal transaction), the
# delivery log (transaction security). Marketing is kept for marketing purposes only.
ALWAYS = ("contact", "customer_transaction", "legal_transaction", "transaction_security")
BY_CLASS = {"marketing": ("marketing",)}
PEOPLE = "The people whom you write to"
# A spreadsheet would run a cell that begins so (OWASP, CSV injection); an apostrophe makes it text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

_purposes = text(
    "SELECT key, class, title_tr, title_en, legal_basis, law_references, retention_days FROM purposes_v1"
    " WHERE active ORDER BY id"
)
_transfers = text(
    "SELECT importer, country, safeguard, documented, purposes FROM transfers_v1"
    " WHERE tenant_id = :tenant AND ended_at IS NULL ORDER BY id"
)
_recipients = text(
    "SELECT name, role, country, service FROM processors_v1 WHERE tenant_id = :tenant AND ended_at IS NULL ORDER BY id"
)
_disclosed = text(
    "SELECT category, law, article, purposes, count(*) AS times FROM disclosures_v1 WHERE tenant_id = :tenant"
    " GROUP BY category, law, article, purposes ORDER BY category, law, article, purposes"
)
_measures = text(
    "SELECT title, kind, verbis_label FROM controls"
    " WHERE tenant_id = :tenant AND ended_at IS NULL AND state = 'in_place' ORDER BY id"
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProcessingRecord:
    """The registry of one tenant at one moment. `id` and `actor` are its watermark: the audit knows them."""

    id: UUID
    at: datetime
    actor: str
    purposes: list[Row] = field(default_factory=list)
    processors: list[Row] = field(default_factory=list)
    transfers: list[Row] = field(default_factory=list)
    disclosures: list[Row] = field(default_factory=list)
    measures: list[Row] = field(default_factory=list)


async def compile_record(session: Session, tenant: UUID, *, form: str, actor: str) -> ProcessingRecord:
    """Everything that is in force, and the disclosures by kind. That it was taken out is written down."""

    async def rows(statement: Any) -> list[Row]:
        return [dict(row) for row in (await session.execute(statement, {"tenant": tenant})).mappings()]

    transfers, processors = await rows(_transfers), await rows(_recipients)
    disclosures, measures = await rows(_disclosed), await rows(_measures)
    purposes = [_purpose(row, transfers, processors, disclosures) for row in await _read_purposes(session)]
    compiled = ProcessingRecord(new_id(), utc_now(), actor, purposes, processors, transfers, disclosures, measures)
    detail = {"format": form, "purposes": len(purposes)}
    export_id = encode("exp", compiled.id)
    await record(session, tenant, action="registers.exported", actor=actor, object_id=export_id, detail=detail)
    return compiled


async def _read_purposes(session: Session) -> list[Row]:
    return [dict(row) for row in (await session.execute(_purposes)).mappings()]


def _purpose(row: Row, transfers: list[Row], processors: list[Row], disclosures: list[Row]) -> Row:
    recipients = [one["name"] for one in processors]
    recipients += sorted({one["category"] for one in disclosures if _reaches(one, row["key"])})
    abroad = [
        f"{one['importer']} ({one['country']}, {one['safeguard']})" for one in transfers if _reaches(one, row["key"])
    ]
    return {
        **row,
        "people": PEOPLE,
        "data_categories": [*ALWAYS, *BY_CLASS.get(row["class"], ())],
        "recipients": recipients,
        "transfers": abroad,
    }


def _reaches(one: Row, purpose: str) -> bool:
    """No purposes named means all."""
    return not one["purposes"] or purpose in one["purposes"]


COLUMNS = (
    *("key", "title_tr", "title_en", "legal_basis", "law_references", "people", "data_categories", "recipients"),
    *("transfers", "retention_days"),
)


def write_csv(compiled: ProcessingRecord) -> str:
    """One line per purpose; lists are joined by `; `. The measures and the watermark stand in every line.

    It begins with a byte order mark, by which spreadsheets know UTF-8.
    """
    measures = "; ".join(dict.fromkeys(one["verbis_label"] or one["title"] for one in compiled.measures))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, "measures", "export_id", "exported_by", "exported_at"])
    mark = [encode("exp", compiled.id), compiled.actor, compiled.at.isoformat(timespec="seconds")]
    for purpose in compiled.purposes:
        writer.writerow([*(_cell(purpose[name]) for name in COLUMNS), _cell(measures), *mark])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    shown = "; ".join(value) if isinstance(value, list | tuple) else str(value)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
