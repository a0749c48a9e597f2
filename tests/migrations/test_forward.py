"""There is no way back: what a downgrade would drop is evidence."""

import os
import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory

from app.readiness import newest_revision
from tests.conftest import ROOT, TestDatabase


def test_a_downgrade_is_refused_with_its_reason(module_database: TestDatabase) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "alembic", "downgrade", "-1"],
        cwd=ROOT,
        env={**os.environ, "TOPLU_DATABASE_URL": module_database.url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 != ended.returncode
    assert "Migrations only go forward" in ended.stderr


def test_the_revision_that_is_read_from_the_files_is_the_one_that_alembic_finds() -> None:
    assert ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_current_head() == newest_revision()
