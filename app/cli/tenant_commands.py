"""The command line, tenants: make one."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

tenants = typer.Typer(help="Tenants.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Where `toplu up` keeps its data [default: as `toplu up`].")]


@tenants.command("create")
def create_tenant_command(
    name: Annotated[str, typer.Option(help="The tenant's name; each name once.")], data_dir: DataDir = None
) -> None:
    """Make a tenant and its first API key, without the sandbox's sender, templates and notice."""
    from app.cli.create_tenant import create_tenant_with_key
    from app.cli.read_settings import read_settings
    from app.cli.serve import check_master_key
    from app.kit.ids import encode

    settings = read_settings(data_dir)
    check_master_key(settings)
    created = asyncio.run(create_tenant_with_key(settings, name))
    typer.echo(f"tenant    {encode('ten', created.tenant)}")
    typer.echo(f"API key   {created.issued.text}")
    told = f"the key has every scope, expires {created.issued.key.expires_at:%Y-%m-%d}, and is shown this once"
    typer.echo(f"toplu: {told}", err=True)
