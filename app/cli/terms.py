"""The operator's terms: read a file, publish it, list what there is."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.cli.errors import Stop
from app.cli.init import ACTOR
from app.runtime import open_runtime
from app.settings import Settings
from app.terms.errors import NotPublishable
from app.terms.publish import Published, TermsText, publish_terms
from app.terms.queries import Incorporation, TermsVersion, list_versions

ISTANBUL = ZoneInfo("Europe/Istanbul")

_Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
_Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000_000, pattern=r"^[^\x00]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document: _Key
    prevails: bool


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document: _Key
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
    title: _Line
    body: _Text
    summary: _Text | None = None
    incorporates: Annotated[list[_Part], Field(max_length=20)] = []


@dataclass(frozen=True, slots=True)
class Effect:
    """When a version comes into force (None: at once), and the days that tenants have to accept it after that."""

    begins: datetime | None
    grace_days: int


def read_terms(path: Path) -> TermsText:
    """A version from a TOML file. Raises Stop, which names the field and never quotes it."""
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        file = _File.model_validate(given)
    except (OSError, UnicodeDecodeError):
        raise Stop(f"{path} cannot be read as a text file in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise Stop(f"{path} is no TOML: {error}.") from None
    except ValidationError as failure:
        first = failure.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Stop(f"{path}: {place}: {first['msg']}.") from None
    parts = [Incorporation(part.document, part.prevails) for part in file.incorporates]
    return TermsText(file.document, file.language, file.title, file.body, file.summary, parts)


def read_moment(text: str) -> datetime:
    """A date (its beginning in Istanbul) or a moment with its offset. Raises Stop."""
    try:
        if len(text) == len("2027-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), ISTANBUL)
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Stop("A time of effect looks like 2027-01-31 or 2027-01-31T09:00:00+03:00.")
    return moment


async def publish(settings: Settings, terms: TermsText, effect: Effect) -> Published:
    """Publish and announce. Raises Stop when it may not be published so."""
    grace = timedelta(days=effect.grace_days)
    async with open_runtime(settings, "api") as run:
        try:
            async with run.db.begin() as session:
                return await publish_terms(session, terms, effective_from=effect.begins, grace=grace, actor=ACTOR)
        except NotPublishable as refused:
            raise Stop(str(refused)) from None


async def list_terms(settings: Settings) -> list[TermsVersion]:
    """Every version of every document."""
    async with open_runtime(settings, "api") as run, run.db.begin() as session:
        return await list_versions(session)
