"""Gather what is held about one person, section by section and page by page: nothing is ever in memory as a whole.

This file is long because every section has its statement and its shape here, side by side.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from pydantic import BaseModel
from sqlalchemy import Row, text

from app.consents.acts import Evidence
from app.consents.evidence import open_evidence
from app.kit.crypto import Unsealable, unseal
from app.kit.ids import encode
from app.kit.sql import sql_beside
from app.notices.queries import find_texts
from app.people.seal import person_key, unseal_alias
from app.purposes.queries import list_purposes
from app.retention.queries import list_rules
from app.runtime import Runtime, TenantKeys
from app.subjects import export_schemas as shown
from app.subjects import gather_chat as chat
from app.subjects.ask import LETTERS, open_text
from app.subjects.queries import list_requests
from app.subjects.words import Language, Words, words_in

PAGE = 500

_controller = text("SELECT name FROM tenants_v1 WHERE tenant_id = :tenant")
_aliases = text("SELECT kind, value_ct FROM aliases_v1 WHERE tenant_id = :tenant AND person_id = :person ORDER BY id")
_purposes = text(
    """
SELECT p.key, p.title_tr, p.title_en, p.legal_basis, p.law_references, v.refusal, s.consent_act AS consent,
       s.consent_at AS consent_since, s.approval_act AS approval, s.approval_at AS approval_since, s.basis_act AS basis,
       s.basis_at AS basis_since
  FROM person_states_v1 AS s
  JOIN purposes_v1 AS p ON p.id = s.purpose_id
  LEFT JOIN consent_verdicts_v1 AS v
         ON v.tenant_id = s.tenant_id AND v.person_id = s.person_id AND v.purpose_id = s.purpose_id
 WHERE s.tenant_id = :tenant AND s.person_id = :person
 ORDER BY p.id
"""
)
_records = text(
    """
SELECT e.id, e.content, e.evidence_ct, p.key AS purpose
  FROM person_records_v1 AS e
  LEFT JOIN purposes_v1 AS p ON p.id = CAST(e.content ->> 'purpose_id' AS smallint)
 WHERE e.tenant_id = :tenant AND e.person_id = :person AND (CAST(:after AS uuid) IS NULL OR e.id > CAST(:after AS uuid))
 ORDER BY e.id
 LIMIT :size
"""
)
_notices = text(
    """
SELECT n.id, n.name, n.version, n.language, n.title, n.body, n.sha256, n.published_at
  FROM notice_bodies_v1 AS n
 WHERE n.tenant_id = :tenant AND (CAST(:after AS uuid) IS NULL OR n.id > CAST(:after AS uuid))
   AND n.id IN (SELECT e.notice_version_id FROM consent_events_v1 AS e
                 WHERE e.tenant_id = :tenant AND e.person_id = :person AND e.notice_version_id IS NOT NULL)
 ORDER BY n.id
 LIMIT :size
"""
)
_heard = text(
    """
SELECT fingerprint AS id, provider_at, kind, keyword
  FROM person_heard_v1
 WHERE tenant_id = :tenant AND person_id = :person
   AND (CAST(:after AS uuid) IS NULL OR fingerprint > CAST(:after AS uuid))
 ORDER BY fingerprint
 LIMIT :size
"""
)
# Where data go regularly, and what was told about this very person.
_disclosures = text(
    """
SELECT importer AS recipient, country, safeguard, documented, NULL AS categories, NULL AS law, NULL AS at
  FROM transfers_v1
 WHERE tenant_id = :tenant AND ended_at IS NULL
UNION ALL
SELECT recipient, '', category, true, array_to_string(data_categories, ', '), law || ' m.' || article, disclosed_at
  FROM disclosures_v1
 WHERE tenant_id = :tenant AND CAST(:person AS uuid) = ANY (people)
 ORDER BY at NULLS FIRST, recipient
"""
)
_stops = text(
    "SELECT scope, kind, raised_by, act, acted_at FROM person_stops_v1"
    " WHERE tenant_id = :tenant AND person_id = :person ORDER BY acted_at"
)
_by_index = text("SET LOCAL enable_seqscan = off")  # the migration of messages_person says why
_messages = sql_beside(__file__, "messages")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is exported, and what opens their values. `absorbed` turned out to be them, with keys of their own."""

    tenant: UUID
    id: UUID
    erased_at: datetime | None
    keys: TenantKeys = field(repr=False)
    salt: bytes | None = field(repr=False)
    absorbed: tuple["Subject", ...] = ()


Section = Callable[["Gathering"], AsyncIterator[BaseModel]]


class Gathering:
    """The sections of one export. Each is asked for when it is written, in transactions of its own."""

    def __init__(self, run: Runtime, subject: Subject, language: Language) -> None:
        self._run = run
        self._who = subject
        self._named = {"tenant": subject.tenant, "person": subject.id}
        self._words: Words = words_in(language)
        self._language = language
        self._everyone = (self, *(Gathering(run, one, language) for one in subject.absorbed))

    def sections(self) -> dict[str, AsyncIterator[BaseModel]]:
        """Every list of the export by its name, in the order of the schema."""
        return {
            "aliases": self._of_everyone(lambda one: one._few(_aliases, one._alias)),
            "purposes": self._few(_purposes, self._purpose),
            "records": self._of_everyone(lambda one: one._pages(_records, one._record)),
            "notices": self._of_everyone(Gathering._notices),
            "messages": self._of_everyone(lambda one: one._pages(_messages, one._message)),
            "heard": self._of_everyone(lambda one: one._pages(_heard, _heard_one)),
            "reviews": self._of_everyone(lambda one: one._pages(chat.reviews, one._review)),
            "questions": self._of_everyone(lambda one: one._pages(chat.questions, chat.show_question)),
            "replies": self._of_everyone(lambda one: one._pages(chat.replies, chat.show_reply)),
            "stops": self._few(_stops, _stop),
            "requests": self._of_everyone(Gathering._requests),
            "disclosures": self._few(_disclosures, self._disclosure),
            "retention": self._retention(),
            "automated_decisions": _each(self._words.decisions),
            "not_included": _each(self._words.not_included),
        }

    async def _of_everyone(self, section: Section) -> AsyncIterator[BaseModel]:
        for one in self._everyone:
            async for item in section(one):
                yield item

    async def controller(self) -> shown.ExportedController:
        """Who answers for the processing."""
        async with self._run.db.begin(self._who.tenant) as session:
            name = (await session.execute(_controller, {"tenant": self._who.tenant})).scalar_one()
        return shown.ExportedController(name=name)

    async def titles(self) -> dict[str, str]:
        """What each purpose is called, by its key."""
        async with self._run.db.begin(self._who.tenant) as session:
            purposes = await list_purposes(session)
        return {one.key: one.title_tr if self._language == "tr" else one.title_en for one in purposes}

    async def _few(self, statement: Any, show: Callable[[Row[Any]], BaseModel]) -> AsyncIterator[BaseModel]:
        async with self._run.db.begin(self._who.tenant) as session:
            rows = (await session.execute(statement, self._named)).all()
        for row in rows:
            yield show(row)

    async def _pages(self, statement: Any, show: Callable[[Row[Any]], BaseModel]) -> AsyncIterator[BaseModel]:
        after: UUID | None = None
        while True:
            async with self._run.db.begin(self._who.tenant) as session:
                await session.execute(_by_index)
                rows = (await session.execute(statement, self._named | {"after": after, "size": PAGE})).all()
            for row in rows:
                yield show(row)
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    async def _notices(self) -> AsyncIterator[BaseModel]:
        after: UUID | None = None
        while True:
            async with self._run.db.begin(self._who.tenant) as session:
                await session.execute(_by_index)
                rows = (await session.execute(_notices, self._named | {"after": after, "size": PAGE})).all()
                texts = await find_texts(session, self._who.tenant, [row.id for row in rows])
            for row in rows:
                yield shown.ExportedNotice(
                    **dict(row._mapping) | {"text": texts[row.id], "sha256": row.sha256.hex()},
                )
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    def _disclosure(self, row: Row[Any]) -> BaseModel:
        """A transfer or disclosure as it is registered. A safeguard that is not documented is said to be so."""
        words = self._words.page
        if row.at is not None:
            safeguard, why = f"{row.safeguard}: {words['disclosed']} {row.at.isoformat()}", row.law
        else:
            safeguard = f"{row.safeguard}: {words['documented' if row.documented else 'not_documented']}"
            why = words["transferred_for"]
        return shown.ExportedDisclosure(
            recipient=row.recipient,
            country=row.country,
            what=row.categories or words["transferred"],
            why=why,
            safeguard=safeguard,
        )

    def _alias(self, row: Row[Any]) -> BaseModel:
        value = None
        if row.value_ct is not None and self._who.salt is not None:
            value = unseal_alias(self._who.keys, self._who.salt, self._who.id, row.value_ct)
        return shown.ExportedAlias(kind=row.kind, value=value)

    def _review(self, row: Row[Any]) -> BaseModel:
        return chat.show_review(row, self._who.keys, self._who.salt)

    def _purpose(self, row: Row[Any]) -> BaseModel:
        values = dict(row._mapping)
        title = values.pop("title_en") if self._language == "en" else values["title_tr"]
        values.pop("title_en", None)
        return shown.ExportedPurpose(**values, title=title, allowed_now=row.refusal is None)

    def _record(self, row: Row[Any]) -> BaseModel:
        content: dict[str, Any] = row.content if isinstance(row.content, dict) else json.loads(row.content)
        content.pop("purpose_id", None)
        version = content.pop("notice_version_id", None)
        return shown.ExportedRecord(
            id=encode("cev", row.id),
            kind=content.pop("record_kind"),
            act=content.pop("act"),
            by=content.pop("entity"),
            purpose=row.purpose,
            scope=content.pop("scope", None),
            occurred_at=content.pop("occurred_at"),
            recorded_at=content.pop("recorded_at"),
            channel=content.pop("channel"),
            method=content.pop("method", None),
            notice_version=None if version is None else UUID(version),
            evidence=self._open_evidence(row.evidence_ct),
            content={name: value for name, value in content.items() if name not in ("id", "person_id", "api_key_id")},
        )

    def _open_evidence(self, sealed: bytes | None) -> dict[str, Any] | None:
        if sealed is None or self._who.salt is None:
            return None
        try:
            opened, _ = open_evidence(self._who.keys, self._who.salt, self._who.id, Evidence(sealed, b""))
        except Unsealable:  # of before the person was erased and came back: destroyed with its key
            return None
        return dict(opened)

    def _message(self, row: Row[Any]) -> BaseModel:
        return shown.ExportedMessage(
            id=row.id,
            accepted_at=datetime.fromtimestamp((row.id.int >> 80) / 1000, UTC),
            state=row.state,
            reason=row.reason,
            reason_detail=row.reason_detail,
            purpose=row.purpose,
            purpose_version=row.purpose_version,
            legal_basis=row.legal_basis,
            template=row.template_name,
            template_language=row.template_language,
            template_version=row.template_version,
            consent_event=_event(row.consent_event_id),
            approval_event=_event(row.approval_event_id),
            basis_event=_event(row.basis_event_id),
            notice_version=row.notice_version_id,
            suppression_event=_event(row.suppression_event_id),
            decided_at=row.claimed_at,
            sent_at=row.sent_at,
            delivered_at=row.delivered_at,
            read_at=row.read_at,
            failed_at=row.failed_at,
            variables=self._open_variables(row.variables_ct),
            reference=row.reference,
            purpose_kept=None if row.faults is None else not row.faults,
            purpose_faults=list(row.faults or ()),
        )

    def _open_variables(self, sealed: bytes | None) -> dict[str, str] | None:
        if sealed is None or self._who.salt is None:
            return None
        where = b"variables|" + self._who.id.bytes
        try:
            return msgspec.json.decode(
                unseal(person_key(self._who.keys, self._who.salt), sealed, where), type=dict[str, str]
            )
        except Unsealable:
            return None

    async def _requests(self) -> AsyncIterator[BaseModel]:
        async with self._run.db.begin(self._who.tenant) as session:
            found = await list_requests(
                session, self._who.tenant, state=None, person=self._who.id, after=None, limit=1000
            )
        for one in found:
            yield shown.ExportedRequest(
                kind=one.kind,
                article=f"6698 m.11/1-{LETTERS[one.kind]}",
                received_at=one.received_at,
                state=one.state,
                outcome=one.outcome,
                closed_at=one.closed_at,
                details=open_text(self._who.keys, one, one.details_ct),
                answer=open_text(self._who.keys, one, one.answer_ct),
            )

    async def _retention(self) -> AsyncIterator[BaseModel]:
        async with self._run.db.begin(self._who.tenant) as session:
            rules = await list_rules(session, self._who.tenant)
        for rule in rules:
            turkish = self._language == "tr"
            yield shown.ExportedRetention(
                what=rule.title_tr if turkish else rule.title_en,
                purpose=rule.purpose,
                keep_days=rule.keep_days,
                starts=rule.starts_tr if turkish else rule.starts_en,
                law_references=list(rule.law_references),
            )


async def _each(items: tuple[BaseModel, ...]) -> AsyncIterator[BaseModel]:
    for item in items:
        yield item


def _event(event: UUID | None) -> str | None:
    return None if event is None else encode("cev", event)


def _heard_one(row: Row[Any]) -> BaseModel:
    return shown.ExportedHeard(at=row.provider_at, kind=row.kind, keyword=row.keyword)


def _stop(row: Row[Any]) -> BaseModel:
    return shown.ExportedStop(
        scope=row.scope, kind=row.kind, raised_by=row.raised_by, in_force=row.act == "raised", since=row.acted_at
    )
