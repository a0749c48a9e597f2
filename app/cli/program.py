"""The command line: what each command is called, takes and prints. What it does stands in its own module."""

import asyncio
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.cli.causes import cause_of
from app.cli.errors import Stop
from app.cli.place import DEFAULT_TENANT, Place, usual_place
from app.cli.proof import audit, receipt
from app.cli.restore_guard_commands import restore_guard
from app.cli.tenant_commands import tenants
from app.cli.terms_commands import terms
from app.cli.webhook_commands import webhooks
from app.kit.servers.errors import ServerError

# Commands import what they need: the help must not wait for the whole product.
program = typer.Typer(
    name="toplu",
    help="Bulk WhatsApp sends with consent in the send path.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
program.add_typer(keys, name="keys")
program.add_typer(tenants, name="tenants")
program.add_typer(audit, name="audit")
program.add_typer(receipt, name="receipt")
retention = typer.Typer(help="What has to go, and when.", no_args_is_help=True)
program.add_typer(retention, name="retention")
consents = typer.Typer(help="The ledger of consents.", no_args_is_help=True)
program.add_typer(consents, name="consents")
program.add_typer(terms, name="terms")
program.add_typer(webhooks, name="webhooks")
program.add_typer(restore_guard, name="restore-guard")

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")]
SandboxPort = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="Port of the pretend WhatsApp; 0 takes a free one [default: 8001, or a free one]."
    ),
]
TenantOption = Annotated[str | None, typer.Option(help="The tenant's id (ten_…) [default: the one of `toplu init`].")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Where `toplu up` keeps its data [default: TOPLU_DATA_DIR, or a folder of this account]."),
]
Name = Annotated[str, typer.Option(help="The tenant's name; the same name is the same tenant.")]
Announce = Annotated[Path | None, typer.Option(hidden=True, help="Write what runs to this file, for programs.")]


def main() -> None:
    """Run one command. What an operator can do something about is one line on stderr and exit 1."""
    try:
        program()
    except (Stop, ServerError) as stop:
        _fail(str(stop))
    except BrokenPipeError:
        # Who read our output has gone (`| head`). What Python still wants to write goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(f"A server cannot be used: {cause_of(error)}. `toplu doctor` looks closer.")
    except Exception as error:
        # A door. Of the driver's errors only the cause is told: their text may hold addresses.
        if type(error).__module__.split(".")[0] not in ("sqlalchemy", "asyncpg"):
            raise
        _fail(f"The database cannot be used: {cause_of(error)}. `toplu doctor` looks closer.")


def _fail(line: str) -> NoReturn:
    typer.echo(f"toplu: {line}", err=True)
    sys.exit(1)


def _say(line: str) -> None:
    typer.echo(f"toplu: {line}", err=True)


@program.callback(invoke_without_command=True)
def options(show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Bulk WhatsApp sends with consent in the send path."""
    if show_version:
        typer.echo(f"toplu {version('toplu')}")
        raise typer.Exit


@program.command("up", short_help="Run everything here, data in one directory.")
def up_command(
    port: Port = 8000,
    sandbox_port: SandboxPort = None,
    data_dir: DataDir = None,
    tenant: Name = DEFAULT_TENANT,
    announce: Announce = None,
) -> None:
    """Run everything here: PostgreSQL, Valkey, API, worker and a pretend WhatsApp.

    TOPLU_DATABASE_URL, TOPLU_REDIS_URL and TOPLU_WHATSAPP_URL, where set, are used instead.
    """
    from app.cli.show import announce_up, show_up
    from app.cli.up import Up, up
    from app.kit.logs import configure

    configure("WARNING", sys.stderr)

    def tell(running: Up) -> None:
        show_up(running)
        if announce is not None:
            Place(announce.parent).write(announce.name, json.dumps(announce_up(running)))

    place = data_dir or usual_place()
    up(place, port=port, sandbox_port=sandbox_port, tenant=tenant, tell=tell, say=_say)


@program.command("init", short_help="Make a first tenant, with key and sender.")
def init_command(name: Name = DEFAULT_TENANT, data_dir: DataDir = None) -> None:
    """Make a tenant with a key, the sandbox's sender, two templates and a notice. A second run finds them."""
    from app.cli.init import init
    from app.cli.read_settings import read_settings
    from app.cli.serve import check_master_key
    from app.cli.show import show_initialised

    settings = read_settings(data_dir)
    check_master_key(settings)
    show_initialised(asyncio.run(init(settings, name)), data_dir)


@program.command("api")
def api_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1", port: Port = 8000
) -> None:
    """Serve the HTTP API, one process."""
    from app.cli.serve import run_api

    run_api(host, port)


@program.command("worker", short_help="Send and settle; any number may run.")
def worker_command() -> None:
    """Send what is due and settle what WhatsApp tells; any number of these may run."""
    from app.cli.serve import run_worker

    run_worker()


@program.command("migrate", short_help="Bring the database up to date.")
def migrate_command(
    revision: Annotated[str, typer.Option(help="Up to which revision.")] = "head", data_dir: DataDir = None
) -> None:
    """Bring the database up to date; a second run changes nothing."""
    from app.cli.migrate import migrate
    from app.cli.read_settings import find_running

    find_running(data_dir)
    migrate(revision)
    typer.echo("The database is up to date.")


@program.command(
    "sandbox",
    short_help="Run the pretend WhatsApp alone.",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def sandbox_command(context: typer.Context) -> None:
    """Run the pretend WhatsApp alone; its own options follow (try `toplu sandbox --help`)."""
    from app.cli.serve import run_sandbox

    run_sandbox(context.args)


@program.command(
    "demo",
    short_help="Send an invented list of 5,000, reconciled.",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def demo_command(context: typer.Context) -> None:
    """Send an invented list of 5,000 to the pretend WhatsApp, and reconcile every message."""
    from app.cli.serve import run_demo

    run_demo(context.args)


@keys.command("create")
def create_key_command(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    tenant: TenantOption = None,
    scopes: Annotated[str, typer.Option(help="Scopes with commas between; all when left out.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 365,
    data_dir: DataDir = None,
) -> None:
    """Issue an API key. Its text is printed once and never again."""
    from app.cli.create_key import create_key
    from app.cli.read_settings import read_settings, read_tenant
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir)
    check_master_key(settings)
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    issued = asyncio.run(create_key(settings, read_tenant(tenant), name=name, scopes=wanted, days=days))
    typer.echo(issued.text)
    _say(f"expires {issued.key.expires_at:%Y-%m-%d}; it is not stored in clear and cannot be shown again")


@retention.command("run")
def run_retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be destroyed.")] = False,
    tenant: TenantOption = None,
    data_dir: DataDir = None,
) -> None:
    """Destroy what is over, as workers do every day; or say what that would be."""
    from app.cli.destroy import destroy
    from app.cli.read_settings import read_settings, read_tenant
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir, worker=True)
    check_master_key(settings)
    for line in asyncio.run(destroy(settings, read_tenant(tenant), dry_run=dry_run)):
        typer.echo(line)


@consents.command("replay")
def replay_command(
    tenant: TenantOption = None,
    data_dir: DataDir = None,
) -> None:
    """Fold the ledger again and compare it with the current state: exit 1 when they differ. Changes nothing."""
    from app.cli.read_settings import read_settings, read_tenant
    from app.cli.replay_consents import replay_consents, show_replayed
    from app.cli.serve import check_master_key

    settings = read_settings(data_dir)
    check_master_key(settings)
    replayed = asyncio.run(replay_consents(settings, read_tenant(tenant)))
    for line in show_replayed(replayed):
        typer.echo(line)
    if not replayed.agrees:
        raise typer.Exit(1)


@program.command("doctor", short_help="Look for what would keep Toplu from working.")
def doctor_command(data_dir: DataDir = None, name: Name = DEFAULT_TENANT) -> None:
    """Look for what would keep Toplu from working: one line per check, exit 1 when one is bad."""
    from app.cli.doctor import examine
    from app.cli.init import tenant_of
    from app.cli.read_settings import misspelt_settings, read_settings
    from app.cli.serve import check_master_key
    from app.cli.show import show_findings
    from app.kit.logs import configure

    configure("ERROR", sys.stderr)
    settings = read_settings(data_dir)
    check_master_key(settings)
    typer.echo("ok    settings and master key can be read")
    for name in misspelt_settings():
        typer.echo(f"note  {name} is no setting, so nobody reads it: is it misspelt?")
    if not asyncio.run(show_findings(examine(settings, tenant_of(name)))):
        raise typer.Exit(1)


@program.command("duties", short_help="List what is due for a tenant.")
def duties_command(
    tenant: TenantOption = None,
    state: Annotated[
        str | None, typer.Option(help="ok, warning, overdue or done [default: all that are not done].")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """List what is due for a tenant, what is due first before the rest."""
    from app.cli.list_duties import find_duties, read_state
    from app.cli.read_settings import read_settings, read_tenant
    from app.cli.serve import check_master_key
    from app.cli.show import show_duties

    states = read_state(state)
    settings = read_settings(data_dir)
    check_master_key(settings)
    show_duties(asyncio.run(find_duties(settings, read_tenant(tenant), states)))


@program.command("openapi")
def openapi_command(
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("openapi.json"),
) -> None:
    """Write the API's OpenAPI document."""
    from app.cli.write_openapi import write_openapi

    write_openapi(output)
    typer.echo(f"Wrote {output}.")
