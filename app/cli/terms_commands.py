"""The command line, terms: publish a document from a file, list what there is."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

terms = typer.Typer(help="The operator's terms, which tenants accept.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where `toplu up` keeps its data [default: as `toplu up`].")]


@terms.command("publish")
def publish_terms_command(
    file: Annotated[Path, typer.Argument(help="A TOML file: document, language, title, body, summary, incorporates.")],
    effective_from: Annotated[
        str | None, typer.Option(help="When it comes into force; a change needs thirty days or more.")
    ] = None,
    grace_days: Annotated[int, typer.Option(min=0, max=365, help="Days to accept it after that.")] = 14,
    data_dir: DataDir = None,
) -> None:
    """Publish a version of a document and announce it to every tenant. It can never be changed."""
    from app.cli.read_settings import read_settings
    from app.cli.terms import Effect, publish, read_moment, read_terms

    text = read_terms(file)
    effect = Effect(None if effective_from is None else read_moment(effective_from), grace_days)
    published = asyncio.run(publish(read_settings(data_dir), text, effect))
    version = published.version
    typer.echo(f"{version.document} {version.version}  sha256 {version.sha256.hex()}")
    told = f"in force from {version.effective_from:%Y-%m-%d %H:%M %Z}; announced to {published.told} tenants"
    typer.echo(f"toplu: {told}", err=True)


@terms.command("list")
def list_terms_command(data_dir: DataDir = None) -> None:
    """List every version of every document, with its hash and the day it comes into force."""
    from app.cli.read_settings import read_settings
    from app.cli.terms import list_terms

    listed = asyncio.run(list_terms(read_settings(data_dir)))
    if not listed:
        typer.echo("toplu: no terms are published", err=True)
    for one in listed:
        typer.echo(f"{one.document} {one.version}  {one.effective_from:%Y-%m-%d}  sha256 {one.sha256.hex()}")
