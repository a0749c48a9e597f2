"""What the documents say is what the code does: every list in them is compared, every test they name exists."""

import importlib
import json
import re
from pathlib import Path

import pytest
import yaml

import app.main  # noqa: F401 - imports every room, so that every error is known
from app.consents.gate import Refusal
from app.dispatch.create import create
from app.dispatch.flow.accept import ROW_REFUSALS
from app.dispatch.states import State
from app.evidence.examine import Flaw
from app.kit.errors import TopluError, all_errors
from app.kit.fold import fold
from app.kit.tables import metadata
from app.optins.keywords import STOP_WORDS
from app.sandbox.knobs import FAULTS, Knobs
from app.sandbox.magic import list_magic
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
for described in ROOT.glob("app/*/models.py"):
    importlib.import_module(f"app.{described.parent.name}.models")  # so that every table is known
DOCUMENTS = [ROOT / name for name in ("README.md", "CONVENTIONS.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/*.md"))
NAMED_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)")
ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/v1/[\w/{}-]+)")
PATH = re.compile(r"(?<![\w.}:/~…@`])`?(/[\w{}.-]+)/[\w{]")
FILE = re.compile(r"`((?:app|migrations|tests)/[\w./]+\.\w+)`")

# The API's and the sandbox's first parts, and where an operator may keep a secret.
OUR_ROOTS = {"/v1", "/providers", "/errors", "/sandbox", "/{version}", "/etc"}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def tables(name: str) -> dict[str, list[list[str]]]:
    """The tables of a document by the first word of their head; cells without backticks."""
    found: dict[str, list[list[str]]] = {}
    for block in re.findall(r"(?:^\|.*\n)+", read(name), re.MULTILINE):
        head, _, *rows = [[cell.strip(" `") for cell in line.strip("| ").split(" | ")] for line in block.splitlines()]
        found.setdefault(head[0], []).extend(rows)
    return found


def firsts(name: str, head: str) -> list[str]:
    return [row[0] for row in tables(name)[head]]


def errors() -> list[type[TopluError]]:
    """The product's own; other tests of the same process invent some."""
    return [error for error in all_errors() if error.__module__.startswith("app.")]


def shown(default: object) -> str:
    """A default as the documents write it."""
    if isinstance(default, bool):
        return str(default).lower()
    return "–" if default is None else str(default)


def shape(path: str) -> str:
    """A path of the API, whatever its parameters are called."""
    return re.sub(r"{\w+}", "{}", path)


def routes() -> set[tuple[str, str]]:
    """Every method and path that the API has."""
    paths = json.loads(read("openapi.json"))["paths"]
    return {(method.upper(), shape(path)) for path, methods in paths.items() for method in methods}


def statements(script: str) -> list[str]:
    """The statements of a psql script, without what is only for psql."""
    return [line for line in script.splitlines() if line.strip() and not line.startswith("\\")]


def test_the_readme_names_every_setting_with_its_default() -> None:
    settings = {
        f"TOPLU_{name.upper()}": "required" if field.is_required() else shown(field.default)
        for name, field in Settings.model_fields.items()
    }

    assert settings == {row[0]: row[1] for row in tables("README.md")["name"]}


def test_every_error_has_its_line_and_no_other_has_one() -> None:
    written = [tuple(row) for row in tables("docs/errors.md")["status"]]

    assert [(str(error.status), error.code, error.title) for error in errors()] == written


def test_the_refusals_are_those_of_the_code_in_the_order_they_are_asked() -> None:
    raised = re.search(r"Raises ([\w,\s]+):", create.__doc__ or "")
    assert raised is not None
    by_name = {error.__name__: error.code for error in errors()}

    assert [str(refusal) for refusal in Refusal] == firsts("docs/consent.md", "refusal of the person")
    assert set(ROW_REFUSALS) == set(firsts("docs/consent.md", "refusal of the row"))
    assert {by_name[name] for name in re.findall(r"\w+", raised[1])} == set(
        firsts("docs/consent.md", "refusal of the call")
    )


def test_the_purposes_are_those_of_the_registry() -> None:
    seeded = re.findall(
        r"\(\d+, '(\w+)', '(\w+)', '(\w+)', (?:true|false), (?:true|false), '{(\w*)}'",
        read("migrations/sql/seed_purposes.sql"),
    )

    assert [[*row[:3], row[3] or "–"] for row in seeded] == tables("docs/consent.md")["key"]


def test_the_findings_are_those_of_the_linter() -> None:
    found = re.findall(r'(?:Finding\(\s*)"(\w+)",\s*"(error|warning)"', read("app/notices/lint.py"))

    assert set(found) == {(row[0], row[1]) for row in tables("docs/notices.md")["finding"]}


def test_every_stop_word_is_written_and_is_one() -> None:
    line = next(line for line in read("docs/consent.md").splitlines() if line.startswith("STOP words"))

    assert STOP_WORDS == {fold(word) for word in re.findall(r"`([^`]+)`", line)}


def test_every_state_has_one_home() -> None:
    homes = [state for row in tables("docs/architecture.md")["states"] for state in row[0].split("`, `")]

    assert sorted(State) == sorted(homes)


def test_every_table_is_in_its_room() -> None:
    lines = tables("docs/architecture.md")["room"]
    written = {name for row in lines for name in re.findall(r"\w+", row[1]) if name in metadata.tables}

    assert metadata.tables.keys() - {"business_clock", "heartbeats"} == written
    assert all((ROOT / "app" / row[0]).is_dir() for row in lines)


def test_every_flaw_of_a_proof_is_written() -> None:
    assert set(Flaw) == set(firsts("docs/proof.md", "flaw"))


def test_the_events_to_look_at_are_those_that_the_code_writes_as_errors() -> None:
    modules = [path for path in (ROOT / "app").rglob("*.py") if not {"sandbox", "demo"} & set(path.parts)]
    code = "\n".join(path.read_text("utf-8") for path in modules)
    written = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', code))
    alerts = set(re.findall(r'\blog\.(?:error|exception)\(\s*"([a-z_.]+)"', code))
    told = re.findall(r"[a-z_]+\.[a-z_]+", " ".join(firsts("docs/monitoring.md", "event")))

    assert [] == sorted(set(told) - written)
    assert [] == sorted(alerts - set(told))
    assert len(told) == len(set(told))


def test_every_metric_is_written() -> None:
    code = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "app").rglob("*.py")))
    made = set(re.findall(r'\bmetrics\.(counter|gauge|histogram)\(\s*"(\w+)"', code))
    named = {f"toplu_{name}" + ("_total" if kind == "counter" else "") for kind, name in made}

    assert named == set(re.findall(r"`(toplu_\w+)", read("docs/monitoring.md")))
    assert len(named) > 10


def test_the_knobs_faults_and_magic_numbers_are_the_sandboxs() -> None:
    knobs = Knobs()
    magic = {row["number"]: row["tells"] for row in list_magic()}
    written = tables("docs/sandbox.md")

    assert [[name, shown(getattr(knobs, name))] for name in Knobs.__struct_fields__] == [
        row[:2] for row in written["knob"]
    ]
    assert list(FAULTS) == firsts("docs/sandbox.md", "fault")
    assert magic == {number: tells for *numbers, tells in written["number"] for number in numbers}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text("utf-8")

    missing = [
        f"{path}::{name}"
        for path, name in NAMED_TEST.findall(text)
        if not (ROOT / path).is_file() or f"def {name}(" not in read(path)
    ]
    missing += [link for link in LINK.findall(text) if not (document.parent / link).exists()]
    missing += [file for file in FILE.findall(text) if not (ROOT / file).is_file()]

    assert [] == missing


def test_a_link_into_a_document_leads_to_one_of_its_headings() -> None:
    headings = {
        document: {
            re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-")
            for head in re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)
        }
        for document in DOCUMENTS
    }

    lost = [
        f"{document.name}: {path}#{place}"
        for document in DOCUMENTS
        for path, place in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", document.read_text("utf-8"))
        if place not in headings[(document.parent / path).resolve() if path else document]
    ]

    assert [] == lost


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_is_short_and_speaks_of_the_product_only(document: Path) -> None:
    text = document.read_text("utf-8")

    assert text.count("\n") <= (90 if document.name == "CONVENTIONS.md" else 170)
    assert set(PATH.findall(text)) <= OUR_ROOTS, "a path of somebody's machine"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_route_that_a_document_names_exists(document: Path) -> None:
    named = set(ROUTE.findall(document.read_text("utf-8")))

    assert set() == {(method, shape(path)) for method, path in named} - routes()


def test_what_the_readme_says_is_missing_is_missing() -> None:
    missing = read("README.md").split("## What it does not do yet")[1].split("\n## ")[0]

    assert missing.count("\n- ") > 5
    assert set() == {(method, shape(path)) for method, path in ROUTE.findall(missing)} & routes()


def test_frames_in_documents_are_straight() -> None:
    crooked = []
    for document in DOCUMENTS:
        for frame in re.findall(r"^ *┌.*\n(?:^ *│.*\n)+^ *└.*$", document.read_text("utf-8"), re.MULTILINE):
            if len({len(line.rstrip()) for line in frame.splitlines()}) > 1:
                crooked.append(document.name)

    assert [] == crooked


def test_the_roles_in_the_documents_are_those_that_compose_makes() -> None:
    block = re.search(r"<<'SQL'\n(.*?)^SQL$", read("docs/operations.md"), re.MULTILINE | re.DOTALL)
    assert block is not None
    made = yaml.safe_load(read("compose.yaml"))["configs"]["database"]["content"]

    assert statements(made) == statements(block[1])


def test_each_promise_is_told_with_its_place_and_its_tests() -> None:
    promises = re.split(r"^## ", read("docs/promises.md"), flags=re.MULTILINE)[1:]

    assert [str(n) for n in range(1, 11)] == [promise.split(".")[0] for promise in promises]
    assert all("\nKept in " in promise and "\nShown by `tests/" in promise for promise in promises)
