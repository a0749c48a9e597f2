"""The command line, webhooks: read the kept ones again."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

webhooks = typer.Typer(help="What WhatsApp told, as it is kept.", no_args_is_help=True)


@webhooks.callback()
def about() -> None:
    """What WhatsApp told, as it is kept."""


@webhooks.command("replay")
def replay_command(
    check: Annotated[bool, typer.Option("--check", help="Only compare: exit 1 when something differs.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where `toplu up` keeps its data [default: as `toplu up`].")
    ] = None,
) -> None:
    """Settle every kept status once more, which changes nothing that was settled; or compare."""
    from app.cli.read_settings import read_settings
    from app.cli.replay_webhooks import replay_webhooks, show_replayed
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir, worker=True)
    check_master_key(settings)
    replayed = asyncio.run(replay_webhooks(settings, check=check))
    for line in show_replayed(replayed, check=check):
        typer.echo(line)
    if replayed.differences:
        raise typer.Exit(1)
