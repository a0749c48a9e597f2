"""Publish a version of a document of the operator: announce it to every tenant, and let it come into force later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, text

from app.kit.db import Session
from app.kit.ids import new_id
from app.terms.bundle import Incomplete, bundle, hash_text, in_force
from app.terms.errors import NotPublishable
from app.terms.models import terms_incorporations, terms_versions
from app.terms.queries import Incorporation, TermsVersion, business_time, list_versions

NOTICE = timedelta(days=30)  # between announcement and effect of a change (after Law 5809, article 50/4)

_announce = text("SELECT announce_terms_v1(:version)")


@dataclass(frozen=True, slots=True)
class TermsText:
    """A version as it was written. `document` is the key of the document, `summary` tells what changes."""

    document: str
    language: str
    title: str
    body: str
    summary: str | None = None
    incorporates: Sequence[Incorporation] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and how many tenants were told."""

    version: TermsVersion
    told: int


async def publish_terms(
    session: Session, terms: TermsText, *, effective_from: datetime | None, grace: timedelta, actor: str
) -> Published:
    """Publish the next version of a document. The first comes into force at once when no time is given.

    Tenants may accept from now on, and must have when `grace` has passed after it came into force. Raises
    NotPublishable when a change would come into force in less than thirty days, before the version it replaces, or with
    a document that is not in force by then.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("toplu.terms", 0))))
    versions = await list_versions(session)
    now = await business_time(session)
    latest = max((one for one in versions if one.document == terms.document), key=lambda one: one.version, default=None)
    begins = _begin(latest, now, effective_from)
    version = TermsVersion(
        id=new_id(),
        document=terms.document,
        version=1 if latest is None else latest.version + 1,
        language=terms.language,
        title=terms.title,
        summary=terms.summary,
        sha256=hash_text(terms.title, terms.body),
        announced_at=now,
        effective_from=begins,
        acceptance_due_at=begins + grace,
        incorporates=tuple(terms.incorporates),
    )
    _check_whole([*versions, version], version)
    await _write(session, version, terms.body, actor)
    told: int = (await session.execute(_announce, {"version": version.id})).scalar_one()
    return Published(version, told)


def _begin(latest: TermsVersion | None, now: datetime, wanted: datetime | None) -> datetime:
    if latest is None:
        return now if wanted is None else max(wanted, now)
    if wanted is None:
        raise NotPublishable("A change needs a time of effect, thirty days from now or later (--effective-from).")
    if wanted < now + NOTICE:
        raise NotPublishable("A change comes into force thirty days after its announcement or later; this is sooner.")
    if wanted < latest.effective_from:
        raise NotPublishable("The version it replaces comes into force later than this one.")
    return wanted


def _check_whole(versions: Sequence[TermsVersion], version: TermsVersion) -> None:
    """From its effect on, whatever is in force can be put together. Raises NotPublishable."""
    times = {one.effective_from for one in versions if one.effective_from >= version.effective_from}
    try:
        for at in sorted(times):
            for document in {one.document for one in versions}:
                current = in_force(versions, document, at)
                if current is not None:
                    bundle(versions, current, at)
    except Incomplete as error:
        raise NotPublishable(f"It cannot be put together: {error}.") from None


async def _write(session: Session, version: TermsVersion, body: str, actor: str) -> None:
    row = {
        "id": version.id,
        "document": version.document,
        "version": version.version,
        "language": version.language,
        "title": version.title,
        "body": body,
        "summary": version.summary,
        "sha256": version.sha256,
        "announced_at": version.announced_at,
        "effective_from": version.effective_from,
        "acceptance_due_at": version.acceptance_due_at,
        "published_by": actor,
    }
    await session.execute(insert(terms_versions).values(row))
    parts = [
        {"terms_version_id": version.id, "place": place, "document": one.document, "prevails": one.prevails}
        for place, one in enumerate(version.incorporates)
    ]
    if parts:
        await session.execute(insert(terms_incorporations), parts)
