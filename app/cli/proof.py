"""`toplu audit …` and `toplu receipt …`: examine a chain where it lives, or a file anywhere.

With a file nothing is asked but that file: no database, no settings, no network.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.errors import Stop

audit = typer.Typer(help="The chain that proves what was written.", no_args_is_help=True)
receipt = typer.Typer(help="Receipts of messages.", no_args_is_help=True)

File = Annotated[Path | None, typer.Argument(help="An export [default: the database].", exists=True, dir_okay=False)]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="A public key to believe: name+id+key, or a file that holds it. May be repeated."),
]
Kept = Annotated[
    Path | None,
    typer.Option(help="A checkpoint that was kept elsewhere: what it knew must still be there.", exists=True),
]
Tenant = Annotated[str | None, typer.Option(help="The tenant's id (ten_…) [default: the one of `toplu init`].")]
DataDir = Annotated[Path | None, typer.Option(help="Where `toplu up` keeps its data.")]


@audit.command("verify", short_help="Recompute a chain; exit 1 with the flaw.")
def verify_command(
    file: File = None, key: Keys = None, checkpoint: Kept = None, tenant: Tenant = None, data_dir: DataDir = None
) -> None:
    """Recompute every link, decision root and checkpoint; exit 1 with the reason when something does not hold."""
    if file is not None:
        _verify_file(file, key, checkpoint)
    else:
        _verify_database(key, checkpoint, tenant, data_dir)


def _verify_file(file: Path, key: Sequence[str] | None, checkpoint: Path | None) -> None:
    from app.evidence.examine import Flawed
    from app.evidence.verify_export import verify_export

    with file.open("rb") as lines:
        try:
            trusted = [_read_key(one) for one in key] if key else None
            exam = verify_export(lines, trusted, _read_kept(checkpoint, _keys_of(file, trusted)))
        except Flawed as found:
            raise Stop(str(found)) from None
    _show(exam, [f"destroyed   {exam.destroyed} links"] if exam.destroyed else [])
    if not key:
        typer.echo("The key is the file's own: compare it with one you trust, or give that with --key.")


def _verify_database(
    key: Sequence[str] | None, checkpoint: Path | None, tenant: str | None, data_dir: Path | None
) -> None:
    from app.cli.read_settings import read_settings, read_tenant
    from app.evidence.examine import Flawed
    from app.evidence.signer import trusted_keys
    from app.evidence.verify import Verified, verify_chain
    from app.runtime import open_runtime

    settings, whose = _settings(read_settings, data_dir), read_tenant(tenant)
    given = [_read_key(one) for one in key or ()]

    async def verify() -> Verified:
        async with open_runtime(settings, "api") as run:
            async with run.db.begin(whose) as session:
                keys = given or await trusted_keys(run, session, whose)
            return await verify_chain(run, whose, keys, _read_kept(checkpoint, keys))

    try:
        verified = asyncio.run(verify())
    except Flawed as found:
        raise Stop(str(found)) from None
    more = [f"decisions   {verified.decisions} recomputed", f"waiting     {verified.waiting} to be sealed"]
    more += [f"destroyed   {n} by {run} (its time was over)" for run, n in sorted(verified.destroyed.items())]
    _show(verified.exam, more)


def _show(exam: Any, more: Sequence[str]) -> None:
    last = exam.last
    time = "" if last is None else " ".join(last.extensions)
    lines = [f"chain       {exam.origin}", f"sequence    {exam.seen}", f"root        {exam.root.hex()}"]
    lines += [f"checkpoint  {last.size} {time} ({exam.checked} in all)" if last else "checkpoint  none yet", *more]
    lines += [f"key         {key.text}" for key in exam.keys]
    typer.echo("\n".join([*lines, "The chain holds."]))


@audit.command("export", short_help="Write the whole chain as JSON Lines.")
def export_command(
    output: Annotated[Path | None, typer.Option(help="The file to write [default: standard output].")] = None,
    tenant: Tenant = None,
    data_dir: DataDir = None,
) -> None:
    """Write the whole chain with its contents as JSON Lines, up to the newest checkpoint."""
    from app.cli.read_settings import read_settings, read_tenant
    from app.evidence.export import export_chain
    from app.runtime import open_runtime

    settings, whose = _settings(read_settings, data_dir), read_tenant(tenant)

    async def export() -> bytes:
        lines = b""
        with nullcontext(sys.stdout.buffer) if output is None else output.open("wb") as sink:
            async with open_runtime(settings, "api") as run:
                async for lines in export_chain(run, whose):
                    sink.write(lines)
        return lines

    end = json.loads(asyncio.run(export()))
    typer.echo(f"toplu: {end['links']} links and {end['checkpoints']} checkpoints written", err=True)


@audit.command("checkpoint", short_help="Print the newest signed checkpoint.")
def checkpoint_command(tenant: Tenant = None, data_dir: DataDir = None) -> None:
    """Print the newest signed checkpoint, to be kept where nobody who runs this can change it."""
    from app.cli.read_settings import read_settings, read_tenant
    from app.evidence.queries import find_newest_checkpoint
    from app.runtime import open_runtime

    settings, whose = _settings(read_settings, data_dir), read_tenant(tenant)

    async def find() -> str | None:
        async with open_runtime(settings, "api") as run, run.db.begin(whose) as session:
            newest = await find_newest_checkpoint(session, whose)
        return None if newest is None else newest.note

    note = asyncio.run(find())
    if note is None:
        raise Stop("There is no checkpoint yet: a worker makes the first one.")
    typer.echo(note, nl=False)


@receipt.command("verify")
def verify_receipt_command(
    file: Annotated[Path, typer.Argument(help="The receipt.", exists=True, dir_okay=False)], key: Keys = None
) -> None:
    """Check a receipt; exit 1 with the reason when it does not hold."""
    from app.evidence.check_receipt import LONGEST, check_receipt
    from app.evidence.examine import Flawed

    try:
        with file.open("rb") as source:
            given = json.loads(source.read(LONGEST))
    except ValueError:
        raise Stop("unreadable: this is no JSON") from None
    try:
        checked = check_receipt(given, [_read_key(one) for one in key] if key else None)
    except Flawed as found:
        raise Stop(str(found)) from None
    typer.echo(
        f"message     {checked.message}\ndecision    {checked.decision}\n"
        f"chain       {checked.size} links, of {checked.tenant}\nkey         {checked.key}\nThe receipt holds."
    )
    if not key:
        typer.echo("The key is the receipt's own: compare it with one you trust, or give that with --key.")


def _settings(read: Any, data_dir: Path | None) -> Any:
    from app.cli.serve import check_master_key

    settings = read(data_dir)
    check_master_key(settings)
    return settings


def _read_key(given: str) -> Any:
    """A key from the option itself or from a file. Raises Stop."""
    from app.kit.notes import NoteBroken, Verifier

    try:
        path = Path(given)
        return Verifier.read(path.read_text(encoding="utf-8") if path.is_file() else given)
    except (NoteBroken, OSError, UnicodeDecodeError):
        raise Stop("--key is not usable: it looks like toplu/ten_…+1a2b3c4d+AYqI….") from None


def _keys_of(file: Path, trusted: Sequence[Any] | None) -> list[Any]:
    """The trusted keys, or else those that an export names, and what they vouch for in there; none if unreadable."""
    from app.evidence.vouch import vouched_for
    from app.kit.notes import NoteBroken, Verifier

    try:
        with file.open("rb") as lines:
            head = json.loads(next(lines, b""))
        own = [Verifier.read(text) for text in head["keys"]] if trusted is None else trusted
        return vouched_for(own, head.get("vouchers", ()))
    except (ValueError, KeyError, TypeError, NoteBroken):
        return []


def _read_kept(file: Path | None, keys: Sequence[Any]) -> list[Any]:
    """The checkpoint that was kept, if one was given. Raises Stop when none of the keys signed it."""
    from app.kit.notes import Checkpoint, NoteBroken

    if file is None:
        return []
    note = file.read_text(encoding="utf-8")
    for key in keys:
        try:
            return [Checkpoint.read(key.open_note(note))]
        except NoteBroken:
            continue
    raise Stop("forged: the checkpoint that was kept is signed by no key that is trusted here")
