"""Rules that are run: the house's layout, who may touch which table, what the ground may know."""

import importlib
import re
from pathlib import Path

import pytest
from sqlalchemy import Table

import app.main  # noqa: F401 - imports every room, so that every error is known
from app.kit.errors import all_errors
from app.kit.tables import metadata

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
for described in APP.glob("*/models.py"):
    importlib.import_module(f"app.{described.parent.name}.models")  # so that every table is known
SQL_FILES = sorted(APP.rglob("*.sql"))
PY_FILES = [path for path in sorted(APP.rglob("*.py")) if not {"sandbox", "demo"} & set(path.parts)]
TEST_FILES = sorted((ROOT / "tests").rglob("*.py"))
VERB = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?([a-z_][a-z_0-9]*)")


def owners() -> dict[str, str]:
    """Which room owns which table: the one whose models.py describes it. The ground's tables are anybody's."""
    found = {}
    for path in APP.glob("*/models.py"):
        for name in re.findall(r'= Table\(\s*"(\w+)"', path.read_text("utf-8")):
            found[name] = path.parent.name
    return found


def statements(path: Path) -> str:
    """The SQL of a file: all of a .sql file; of a .py file only its strings in capitals."""
    text = path.read_text("utf-8")
    if path.suffix == ".sql":
        return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(re.findall(r'"((?:SELECT|INSERT|UPDATE|DELETE|WITH| FROM| JOIN)[^"]*)"', text)) + "\n".join(
        re.findall(r'"""\s*((?:SELECT|INSERT|UPDATE|DELETE|WITH)\b.*?)"""', text, re.S)
    )


def test_the_flow_reads_in_the_order_it_happens() -> None:
    stages = [path.stem for path in sorted((APP / "dispatch/flow").glob("[a-z]*.py"))]

    assert ["accept", "check", "enqueue", "lease", "post", "record", "settle"] == stages


def test_the_ground_knows_no_domain_noun() -> None:
    nouns = re.compile(r"tenant|consent|purpose|batch|recipient|whatsapp", re.IGNORECASE)

    knowing = [path.name for path in (APP / "kit").rglob("*.py") if nouns.search(path.read_text("utf-8"))]

    assert [] == knowing


@pytest.mark.parametrize("path", SQL_FILES + PY_FILES, ids=lambda path: str(path.relative_to(APP)))
def test_a_statement_touches_only_its_own_tables(path: Path) -> None:
    owner = owners()
    room = path.relative_to(APP).parts[0]
    names = set(VERB.findall(statements(path)))

    foreign = {name for name in names if owner.get(name, room) != room}

    assert set() == foreign


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: str(path.relative_to(APP)))
def test_a_statement_stands_beside_its_verb_and_says_what_it_takes_and_gives(path: Path) -> None:
    head = path.read_text("utf-8").splitlines()
    comments = [line for line in head if line.startswith("--")]

    assert path.with_name(path.name.split(".")[0] + ".py").exists()
    assert head[0].startswith("-- ")
    assert any(line.startswith("-- In:") for line in comments)
    assert any(line.startswith("-- Out:") for line in comments)


def test_every_code_is_unique_and_every_error_says_something() -> None:
    errors = all_errors()
    codes = [error.code for error in errors]

    assert sorted(set(codes)) == sorted(codes)
    assert [] == [error.code for error in errors if not error.message()]


def test_every_room_says_what_it_is_for() -> None:
    rooms = [path for path in APP.iterdir() if path.is_dir() and not path.name.startswith("_")]

    silent = [room.name for room in rooms if not (room / "__init__.py").read_text("utf-8").startswith('"""')]

    assert [] == silent


def test_every_table_of_a_tenant_is_described_with_its_tenant() -> None:
    """A table that forgets its tenant must be named here, with the reason in its migration."""
    without = {name for name, table in metadata.tables.items() if "tenant_id" not in table.c}

    assert {
        "purposes",
        "purpose_versions",
        "terms_versions",
        "terms_incorporations",
        "legal_references",
        "webhook_raw",
        "webhook_queue",
        "heartbeats",
        "restore_guard",
        "restore_releases",
        "duty_rounds",
        "business_clock",
        "data_classes",
    } == without
    assert all(isinstance(table, Table) for table in metadata.tables.values())


@pytest.mark.parametrize("path", PY_FILES + TEST_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_long_file_or_function_gives_its_reason(path: Path) -> None:
    import ast

    text = path.read_text("utf-8")
    tree = ast.parse(text)
    long = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > 50
        and "because" not in (ast.get_docstring(node) or "")
    ]

    assert [] == long
    assert text.count("\n") <= 300 or "because" in (ast.get_docstring(tree) or "")
