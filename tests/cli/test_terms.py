"""The operator publishes terms from a file."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, toplu
from tests.conftest import Servers, TestDatabase

TERMS = 'document = "service-terms"\nlanguage = "tr"\ntitle = "Hizmet sözleşmesi"\nbody = "Birinci madde."\n'
LATER = f"{datetime.now(UTC) + timedelta(days=40):%Y-%m-%d}"
SOON = f"{datetime.now(UTC) + timedelta(days=10):%Y-%m-%d}"


@pytest.fixture
def settings(servers: Servers, module_database: TestDatabase) -> dict[str, str]:
    return {
        "TOPLU_DATABASE_URL": module_database.url,
        "TOPLU_REDIS_URL": servers.valkey.url,
        "TOPLU_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
        "TOPLU_DATA_DIR": "/nonexistent",
    }


@pytest.mark.covers("O22")
def test_a_version_is_published_from_a_file_and_a_change_needs_thirty_days(
    settings: dict[str, str], tmp_path: Path
) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(TERMS, "utf-8")
    second.write_text(TERMS.replace("Birinci", "İkinci"), "utf-8")

    none = toplu("terms", "list", **settings)
    published = toplu("terms", "publish", str(first), **settings)
    undated = toplu("terms", "publish", str(second), **settings)
    sooner = toplu("terms", "publish", str(second), "--effective-from", SOON, **settings)
    later = toplu("terms", "publish", str(second), "--effective-from", LATER, **settings)
    listed = toplu("terms", "list", **settings)

    assert (0, "", "toplu: no terms are published\n") == (none.returncode, none.stdout, none.stderr)
    digest = hashlib.sha256("Hizmet sözleşmesi\n\nBirinci madde.".encode()).hexdigest()
    assert (0, f"service-terms 1  sha256 {digest}\n") == (published.returncode, published.stdout), published.stderr
    for refused in (undated, sooner):
        assert (1, 1) == (refused.returncode, refused.stderr.count("\n"))
        assert "thirty days" in refused.stderr
    assert 0 == later.returncode, later.stderr
    assert ["service-terms 1", "service-terms 2"] == [line.partition("  ")[0] for line in listed.stdout.splitlines()]


@pytest.mark.anyio
async def test_the_documents_of_the_page_can_be_published_one_after_the_other(
    settings: dict[str, str], database: TestDatabase, tmp_path: Path
) -> None:
    page = (ROOT / "docs/terms.md").read_text("utf-8")
    first, second = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    texts = [first, TERMS.replace("service-terms", "sms-agreement"), second]
    fresh = settings | {"TOPLU_DATABASE_URL": database.url}

    done = []
    for text, more in zip(texts, ([], [], ["--effective-from", LATER]), strict=True):
        (tmp_path / "terms.toml").write_text(text, "utf-8")
        done.append(toplu("terms", "publish", str(tmp_path / "terms.toml"), *more, **fresh))

    assert [0, 0, 0] == [one.returncode for one in done], [one.stderr for one in done]
    assert ["service-terms 1", "sms-agreement 1", "service-terms 2"] == [one.stdout.partition("  ")[0] for one in done]


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("document = ", [], "is no TOML"),
        (TERMS.replace("service-terms", "A canary"), [], "document"),
        (TERMS + 'canary = "x"\n', [], "canary: Extra inputs"),
        (TERMS.replace("body", "text"), [], "body"),
        (TERMS, ["--effective-from", "tomorrow"], "looks like 2027-01-31"),
        (TERMS, ["--effective-from", "2027-01-31T09:00:00"], "looks like 2027-01-31"),
    ],
)
def test_a_file_that_is_no_document_is_one_line(
    settings: dict[str, str], tmp_path: Path, text: str, more: list[str], said: str
) -> None:
    file = tmp_path / "terms.toml"
    file.write_text(text, "utf-8")

    done = toplu("terms", "publish", str(file), *more, **settings)

    assert (1, 1) == (done.returncode, done.stderr.count("\n")), done.stderr
    assert said in done.stderr
