"""A linter for migrations reads every statement of ours."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SQUAWK = Path(sys.executable).with_name("squawk")
# Left out, each because what it guards against cannot happen here.
LEFT_OUT = {
    "prefer-robust-stmts": "a migration is one transaction and is recorded with it: nothing is half there",
    "require-concurrent-index-creation": "the indexes are on tables that the same migration makes",
    "constraint-missing-not-valid": "the same: the table is empty",
    "require-lock-timeout": "the template of migrations sets it for the session",
    "require-statement-timeout": "the same",
    "prefer-bigint-over-int": "counts of one row, never ids: those are UUIDs",
    "prefer-bigint-over-smallint": "the same",
}


def test_no_migration_does_what_blocks_or_breaks_a_running_system() -> None:
    files = sorted(ROOT.glob("migrations/sql/*.sql"))
    words = ["--pg-version", "16", "--exclude", ",".join(LEFT_OUT)]

    done = subprocess.run([SQUAWK, *words, *files], capture_output=True, text=True)

    assert len(files) >= 12
    assert 0 == done.returncode, done.stdout + done.stderr
