"""The command line, restore guard: what a restored database may have forgotten, and the end of its quarantine."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

restore_guard = typer.Typer(help="A restored database does not send until it is released.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where `toplu up` keeps its data [default: as `toplu up`].")]


@restore_guard.command("status")
def status_command(data_dir: DataDir = None) -> None:
    """Say whether this database may send, and what it may have forgotten: exit 1 when it may not. Changes nothing."""
    from app.cli.read_settings import read_settings
    from app.cli.restore_guard import find_status, show_status
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir, worker=True)
    check_master_key(settings)
    status = asyncio.run(find_status(settings))
    for line in show_status(status):
        typer.echo(line)
    if not status.guarded.allowed:
        raise typer.Exit(1)


@restore_guard.command("on")
def on_command(data_dir: DataDir = None) -> None:
    """Quarantine this database: it was restored in a way that it cannot notice by itself."""
    from app.cli.read_settings import read_settings
    from app.cli.restore_guard import turn_on
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir, worker=True)
    check_master_key(settings)
    asyncio.run(turn_on(settings))
    typer.echo("Nothing leaves this database until `toplu restore-guard release`.")


@restore_guard.command("release")
def release_command(
    by: Annotated[str, typer.Option(help="Who answers for it; written into every tenant's audit.")],
    withdrawals_entered: Annotated[
        bool, typer.Option("--withdrawals-entered", help="Withdrawals of the forgotten time are recorded again.")
    ] = False,
    nothing_was_sent: Annotated[
        bool,
        typer.Option(
            "--nothing-was-sent", help="No worker ran in the forgotten time, or nothing was forgotten: keep the queue."
        ),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Make what may have been sent uncertain, and let this database send again."""
    from app.cli.read_settings import read_settings
    from app.cli.restore_guard import Assurance, release
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir, worker=True)
    check_master_key(settings)
    assured = Assurance(by, withdrawals_entered, nothing_was_sent)
    uncertain = asyncio.run(release(settings, assured))
    typer.echo(f"Released by {by}: {uncertain} messages are uncertain and will not be sent again.")
