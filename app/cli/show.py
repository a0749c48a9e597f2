"""What commands print of what they made, found or run."""

import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from pathlib import Path

import typer

from app.cli import example
from app.cli.doctor import Finding
from app.cli.init import Initialised
from app.cli.up import Up
from app.duties.queries import Duty
from app.kit.ids import encode

MARKS = {True: "ok  ", False: "BAD ", None: "note"}


def show_up(running: Up) -> None:
    """Say where everything is, and the key when it is new."""
    whatsapp = ["as set"]
    if running.sandbox:
        whatsapp = [f"{running.sandbox}  (a sandbox: no message leaves this machine)"]
        whatsapp += [f"          its token is {example.SANDBOX_TOKEN}"]
    lines = ["", "Toplu is running.", "", f"  API       {running.url}", f"  docs      {running.url}/docs"]
    lines += _lines(running.first, running.data_dir)
    lines += [
        "  WhatsApp  " + "\n  ".join(whatsapp),
        f"  data      {running.data_dir}  (logs in logs/)",
        "",
        "Ctrl-C stops everything.",
    ]
    typer.echo("\n".join(lines))


def announce_up(running: Up) -> dict[str, str | None]:
    """The same for programs."""
    return {
        "url": running.url,
        "key": running.first.key,
        "sender": encode("snd", running.first.sender),
        "notice_version": encode("ntv", running.first.notice_version),
        "sandbox": running.sandbox,
        "truth": None if running.truth is None else str(running.truth),
    }


def show_initialised(first: Initialised, data_dir: Path | None) -> None:
    """Say what was made, or that it exists."""
    typer.echo("Made." if first.key else "It exists already; nothing was changed.")
    typer.echo("\n".join(_lines(first, data_dir)))


def _lines(first: Initialised, data_dir: Path | None) -> list[str]:
    lines = [
        f"  API key   {first.key}  (shown this once: keep it)" if first.key else "  API key   made at the first start"
    ]
    lines.append(f"            another: {_words_for_a_key(first, data_dir)}")
    lines.append(f"  tenant    {encode('ten', first.tenant)}")
    lines.append(f"  sender    {encode('snd', first.sender)}")
    lines.append(f"  notice    {encode('ntv', first.notice_version)}")
    return lines


def _words_for_a_key(first: Initialised, data_dir: Path | None) -> str:
    """The whole command that makes one more key here, as it can be pasted into another terminal."""
    words = [*_ourselves(), "keys", "create", "--name", "another", "--tenant", encode("ten", first.tenant)]
    if data_dir is not None:
        words += ["--data-dir", str(data_dir)]
    return shlex.join(words)


def _ourselves() -> list[str]:
    """How this program is called from any folder."""
    called = Path(sys.argv[0])
    if called.name != "toplu":
        return [sys.executable, "-m", "app"]
    found = shutil.which("toplu")
    return ["toplu"] if found and Path(found).resolve() == called.resolve() else [str(called.absolute())]


def show_duties(duties: Sequence[Duty]) -> None:
    """Print one line per duty."""
    for duty in duties:
        uncertain = "" if duty.certain else " (uncertain: feasts not known yet)"
        due = f"{duty.due_at.astimezone(UTC):%Y-%m-%d %H:%M}Z"
        typer.echo(f"{duty.state:8}  {due}  {duty.kind:28}  {duty.about}  {duty.title}{uncertain}")
    if not duties:
        typer.echo("Nothing.")


async def show_findings(findings: AsyncIterator[Finding]) -> bool:
    """Print one line per finding as it comes; whether none was bad."""
    healthy = True
    async for finding in findings:
        healthy = healthy and finding.good is not False
        typer.echo(f"{MARKS[finding.good]}  {finding.what}" + (f": {finding.hint}" if finding.hint else ""))
    return healthy
