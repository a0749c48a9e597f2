"""What is held about one person in the chat: sentences that a human read, questions they were asked, and answers."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy import Row, text

from app.inbound.hold import where_words
from app.kit.crypto import Unsealable, unseal
from app.people.seal import person_key
from app.runtime import TenantKeys
from app.subjects import export_schemas as shown

reviews = text(
    """
SELECT id, fingerprint, reason, words_ct, written_at, decision, decided_at
  FROM person_reviews_v1
 WHERE tenant_id = :tenant AND person_id = :person AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid))
 ORDER BY id
 LIMIT :size
"""
)
questions = text(
    """
SELECT q.id, p.key AS purpose, q.record_kind, q.language, q.question, q.state, q.person_wrote_at, q.asked_at,
       q.answered_at, q.refused_at
  FROM person_questions_v1 AS q JOIN purposes_v1 AS p ON p.id = q.purpose_id
 WHERE q.tenant_id = :tenant AND q.person_id = :person AND (CAST(:after AS uuid) IS NULL OR q.id > CAST(:after AS uuid))
 ORDER BY q.id
 LIMIT :size
"""
)
replies = text(
    """
SELECT id, kind, state, made_at, done_at
  FROM person_replies_v1
 WHERE tenant_id = :tenant AND person_id = :person AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid))
 ORDER BY id
 LIMIT :size
"""
)


def show_review(row: Row[Any], keys: TenantKeys, salt: bytes | None) -> BaseModel:
    """A sentence, opened with the person's key while there is one."""
    words = None
    if row.words_ct is not None and salt is not None:
        try:
            words = unseal(person_key(keys, salt), row.words_ct, where_words(row.fingerprint)).decode()
        except Unsealable:  # of before the person was erased and came back: destroyed with its key
            words = None
    return shown.ExportedReview(
        written_at=row.written_at, reason=row.reason, words=words, decision=row.decision, decided_at=row.decided_at
    )


def show_question(row: Row[Any]) -> BaseModel:
    """One act that the person was asked for."""
    values = dict(row._mapping)
    del values["id"]
    return shown.ExportedQuestion(kind=values.pop("record_kind"), **values)


def show_reply(row: Row[Any]) -> BaseModel:
    """One answer of ours; its words are those of the product."""
    return shown.ExportedReply(kind=row.kind, state=row.state, made_at=row.made_at, done_at=row.done_at)
