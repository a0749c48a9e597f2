"""What the files at the root promise: locks with hashes and without places, an image without privileges."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.packaging.dockerfile import instructions

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = [PROJECT / "requirements.lock", PROJECT / "tests" / "requirements.lock"]


def pins(lock: Path) -> dict[str, list[str]]:
    """Each pinned requirement with its hashes."""
    found: dict[str, list[str]] = {}
    for line in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            words = line.split()
            found[words[0]] = [word for word in words if word.startswith("--hash=")]
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_pins_everything_by_hash_and_names_no_place(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")

    unpinned = [name for name, hashes in pins(lock).items() if "==" not in name or not hashes]

    assert unpinned == []
    assert re.findall(r"://|index-url|find-links|trusted-host|(?<![\w.])/\w+", text) == []


def test_the_two_locks_agree() -> None:
    runtime, full = (pins(lock) for lock in LOCKS)

    differing = {name for name, hashes in runtime.items() if full.get(name) != hashes}

    assert differing == set()


def test_the_locks_serve_other_platforms_than_this_one() -> None:
    runtime = pins(LOCKS[0])

    few = [name for name in runtime if name.startswith(("asyncpg==", "msgspec==")) and len(runtime[name]) < 10]

    assert few == []
    assert any(name.startswith("async-timeout==") for name in runtime), "Python 3.11.0 to 3.11.2 need it"


def test_the_image_runs_without_privileges() -> None:
    said = list(instructions(PROJECT / "Dockerfile"))

    users = [words for name, words in said if name == "USER"]
    command = next(json.loads(words) for name, words in said if name == "CMD")

    assert users == ["10001:10001"]
    assert command[:2] == ["toplu", "api"]


def test_compose_runs_an_api_and_two_workers_after_the_migration() -> None:
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]

    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["postgres"]["image"].startswith("postgres:18")
    assert services["valkey"]["image"].startswith("valkey/valkey:9")
    for name in ("api", "worker"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_compose_carries_no_secret() -> None:
    text = (PROJECT / "compose.yaml").read_text()

    values = re.findall(r"^ +\w*(?:PASSWORD|SECRET|TOKEN|MASTER_KEY|AUTH): (.*)$", text, re.MULTILINE)

    assert values
    assert [value for value in values if not value.startswith("${")] == []
