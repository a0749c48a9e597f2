"""Terms for a test: what the operator publishes, in the operator's way."""

from datetime import datetime, timedelta
from typing import Any

from app.kit.db import Database
from app.terms.publish import Published, TermsText, publish_terms
from app.terms.queries import Incorporation


def text_of(document: str = "service-terms", body: str = "Birinci madde.", **more: Any) -> TermsText:
    """A document in one line; `sms=True` makes the SMS agreement part of it, which prevails."""
    parts = [Incorporation("sms-agreement", prevails=True)] if more.pop("sms", False) else []
    given: dict[str, Any] = {"language": "tr", "title": "Hizmet sözleşmesi", "incorporates": parts}
    return TermsText(document=document, body=body, **(given | more))


async def publish(
    db: Database, terms: TermsText, *, effective_from: datetime | None = None, grace_days: int = 0
) -> Published:
    """What `toplu terms publish` does."""
    async with db.begin() as session:
        grace = timedelta(days=grace_days)
        return await publish_terms(session, terms, effective_from=effective_from, grace=grace, actor="operator")
