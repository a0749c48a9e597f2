"""Write an export as it goes out: JSON for machines, a page for the person. Both are streamed with flat memory."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel

from app.subjects.export_schemas import SCHEMA_VERSION, ExportedPerson, ExportedRetention, ExportMark
from app.subjects.gather import Gathering, Subject
from app.subjects.plain import say
from app.subjects.words import words_in

TURKIYE = ZoneInfo("Europe/Istanbul")
ENOUGH_CHARS = 16_384  # pieces are joined until they are worth a packet

# Everything is escaped: names and texts are other people's, and whoever reads this opens it in a browser.
_pages = Environment(
    loader=PackageLoader("app.subjects", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    enable_async=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_export = _pages.get_template("export.html")  # at the import: a page that cannot be read stops the boot


async def write_json(gathering: Gathering, mark: ExportMark, subject: Subject) -> AsyncIterator[bytes]:
    """The export as one JSON object (`PersonExport`). A cut answer is no JSON, so it cannot be taken for the whole."""
    person = ExportedPerson(id=subject.id, erased_at=subject.erased_at)
    yield (
        f'{{"schema_version":"{SCHEMA_VERSION}","export":{mark.model_dump_json()},'
        f'"controller":{(await gathering.controller()).model_dump_json()},"person":{person.model_dump_json()}'
    ).encode()
    for name, items in gathering.sections().items():
        yield f',"{name}":['.encode()
        async for piece in _gathered(_json_items(items)):
            yield piece.encode()
        yield b"]"
    yield b"}"


async def write_page(gathering: Gathering, mark: ExportMark, subject: Subject, language: Any) -> AsyncIterator[bytes]:
    """The export as a page that needs nothing else: no script, no font, no picture from anywhere."""
    words = words_in(language)
    titles = await gathering.titles()
    sections: dict[str, Any] = dict(gathering.sections())
    sections["retention"] = _grouped(sections["retention"], titles, words.page["others"])
    pieces = _export.generate_async(
        language=language,
        words=words.page,
        mark=mark.model_dump(mode="json"),
        made_at=mark.made_at,
        clock=partial(_told, language=language),
        say=partial(say, language=language),
        title_of=lambda key: titles.get(key, key),
        controller=await gathering.controller(),
        person=ExportedPerson(id=subject.id, erased_at=None).model_dump(mode="json"),
        erased_at=subject.erased_at,
        sections=sections,
    )
    async for piece in _gathered(pieces):
        yield piece.encode()


def _told(moment: datetime, language: str) -> str:
    """A moment as the clocks in Türkiye show it."""
    return moment.astimezone(TURKIYE).strftime("%d.%m.%Y %H:%M" if language == "tr" else "%Y-%m-%d %H:%M")


async def _grouped(rules: AsyncIterator[Any], titles: dict[str, str], others: str) -> AsyncIterator[ExportedRetention]:
    """The rules of one class and one time as one line: nobody reads the same line for each of two dozen purposes.

    A class with several times names the purposes of each but the commonest, which is that of all `others`.
    """
    groups: dict[str, dict[tuple[Any, ...], list[str]]] = {}
    async for rule in rules:
        times = groups.setdefault(rule.what, {})
        purposes = times.setdefault((rule.keep_days, rule.starts, tuple(rule.law_references)), [])
        purposes.append(titles.get(rule.purpose, ""))
    for what, times in groups.items():
        most = max(times, key=lambda time: len(times[time]))
        for (keep_days, starts, law), purposes in times.items():
            named = others if (keep_days, starts, law) == most else "; ".join(purposes)
            purpose = named if len(times) > 1 else None  # the same for all: none has to be named
            yield ExportedRetention(
                what=what, purpose=purpose, keep_days=keep_days, starts=starts, law_references=list(law)
            )


async def _json_items(items: AsyncIterator[BaseModel]) -> AsyncIterator[str]:
    between = ""
    async for item in items:
        yield between + item.model_dump_json()
        between = ","


async def _gathered(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    waiting: list[str] = []
    size = 0
    async for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= ENOUGH_CHARS:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)
