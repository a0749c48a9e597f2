"""Bring the database to this version's schema."""

import os

from alembic import command
from alembic.config import Config

from app.cli.errors import Stop
from app.cli.read_settings import check_addresses
from app.readiness import NoMigrations, find_migrations


def migrate(revision: str = "head") -> None:
    """Run what is missing, in order; a second run changes nothing. Takes its address from the environment.

    Raises Stop without an address, or with one that cannot be read.
    """
    if not os.environ.get("TOPLU_MIGRATION_DATABASE_URL") and not os.environ.get("TOPLU_DATABASE_URL"):
        raise Stop("TOPLU_DATABASE_URL is not set: it names the database to migrate.")
    check_addresses()
    try:
        folder = find_migrations()
    except NoMigrations:
        raise Stop("This installation carries no migrations.") from None
    config = Config()
    # The place may hold a percent sign, which ConfigParser would read.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    command.upgrade(config, revision)
