"""There is no way back: what a downgrade would drop is evidence."""

import os
import subprocess
import sys

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
