"""Commands that cannot go on say so in one line."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment, toplu
from tests.conftest import LOGIN, PASSWORD, Servers, TestDatabase

KEY = base64.b64encode(bytes(32)).decode()
NOWHERE = {
    "TOPLU_DATABASE_URL": "postgresql://somebody:a-canary-password@127.0.0.1:9/nothing",
    "TOPLU_REDIS_URL": "redis://:a-canary-password@127.0.0.1:9",
}


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["api"], {}, "TOPLU_DATABASE_URL is not set"),
        (["worker"], NOWHERE, "TOPLU_MASTER_KEY"),
        (["worker"], NOWHERE | {"TOPLU_MASTER_KEY": "a-canary-key"}, "must be base64 of 32 bytes"),
        (["init"], NOWHERE | {"TOPLU_MASTER_KEY": KEY}, "nothing listens there"),
        (["migrate"], NOWHERE, "nothing listens there"),
        (["migrate"], {"TOPLU_DATABASE_URL": "mysql://a:canary@127.0.0.1/x"}, "should look like postgresql://"),
        (["doctor"], NOWHERE | {"TOPLU_DATABASE_URL": "canary"}, "TOPLU_DATABASE_URL is not usable"),
        (["doctor"], NOWHERE | {"TOPLU_DATABASE_URL": "postgresql://a:b@c:canary/x"}, "should look like postgresql://"),
        (["worker"], NOWHERE | {"TOPLU_REDIS_URL": "http://canary"}, "should look like redis://"),
        (["doctor"], NOWHERE | {"TOPLU_WHATSAPP_URL": "https://a:canary@x"}, "TOPLU_WHATSAPP_URL is not usable"),
        (["worker"], NOWHERE | {"TOPLU_WHATSAPP_URL": "http://example.com"}, "it should look like https://"),
        (
            ["doctor"],
            NOWHERE | {"TOPLU_QUIET_HOURS": "canary"},
            "TOPLU_QUIET_HOURS is not usable: it should look like 2",
        ),
        (["doctor", "--data-dir", "/nonexistent/x y"], {}, "toplu up --data-dir '/nonexistent/x y'"),
        (["migrate"], {}, "TOPLU_DATABASE_URL is not set"),
        (["api"], NOWHERE | {"TOPLU_MASTER_KEY": KEY, "TOPLU_POLL_S": "a-canary-word"}, "TOPLU_POLL_S is not usable"),
        (
            ["keys", "create", "--name", "x", "--tenant", "ten_x"],
            NOWHERE | {"TOPLU_MASTER_KEY": KEY},
            "looks like ten_",
        ),
        (["audit", "verify"], {}, "TOPLU_DATABASE_URL is not set"),
        (["audit", "checkpoint"], NOWHERE | {"TOPLU_MASTER_KEY": KEY}, "nothing listens there"),
        (["audit", "verify", "--key", "a-canary-key"], NOWHERE | {"TOPLU_MASTER_KEY": KEY}, "--key is not usable"),
        (["audit", "verify", "/etc/hostname"], {}, "unreadable: "),
        (["receipt", "verify", "/etc/hostname"], {}, "unreadable: this is no JSON"),
        (["up", "--data-dir", "/dev/null/x"], {}, "cannot be used as data directory"),
    ],
)
def test_what_an_operator_can_mend_is_one_line_without_secrets(
    words: list[str], settings: dict[str, str], said: str
) -> None:
    done = toplu(*words, **{"TOPLU_DATA_DIR": "/nonexistent"} | settings)

    assert 1 == done.returncode
    assert said in done.stderr
    assert 1 == done.stderr.count("\n"), done.stderr
    assert "canary" not in done.stderr + done.stdout


def test_the_doctor_says_what_is_wrong_and_exits_1() -> None:
    url = "https://example.com:8080/graph"
    empty = {"TOPLU_WHATSAPP_APP_SECRET": "", "TOPLU_WHATSAPP_VERIFY_TOKEN": ""}
    done = toplu("doctor", **NOWHERE, **empty, TOPLU_MASTER_KEY=KEY, TOPLU_WHATSAPP_URL=url, TOPLU_REDIS_ULR="canary")

    bad = [line for line in done.stdout.splitlines() if line.startswith("BAD")]

    assert 1 == done.returncode
    assert "" == done.stderr
    assert 4 == len(bad), done.stdout  # two roles, webhook secret, verify token
    assert 2 == done.stdout.count("nothing listens there")
    assert "note  Valkey does not answer" in done.stdout
    assert "note  TOPLU_REDIS_ULR is no setting" in done.stdout
    assert "WhatsApp at https://example.com:8080/graph" in done.stdout
    assert "canary" not in done.stdout


def test_the_doctor_names_what_the_server_refuses_and_expects_one_role_of_a_login(
    servers: Servers, module_database: TestDatabase
) -> None:
    name = module_database.name
    wrong = servers.postgres.url(name, LOGIN, password="a-canary-password")
    nothing = servers.postgres.url("no_such_database", LOGIN, password=PASSWORD)
    servers.postgres.sql(
        "CREATE ROLE only_the_api LOGIN PASSWORD 'invented';"
        "GRANT toplu_api TO only_the_api WITH SET TRUE, INHERIT FALSE"
    )
    api = servers.postgres.url(name, "only_the_api", password="invented")
    rest = {"TOPLU_REDIS_URL": servers.valkey.url, "TOPLU_MASTER_KEY": KEY}

    said = [toplu("doctor", TOPLU_DATABASE_URL=url, **rest) for url in (wrong, nothing, api)]
    moved = toplu("migrate", TOPLU_DATABASE_URL=api)

    assert ["", "", ""] == [one.stderr for one in said]
    assert 2 == said[0].stdout.count("wrong login or password")
    assert 2 == said[1].stdout.count("there is no such database")
    assert "ok    database usable as toplu_api" in said[2].stdout
    assert "toplu_worker" not in said[2].stdout
    assert (1, 1) == (moved.returncode, moved.stderr.count("\n"))
    assert "permission denied" in moved.stderr
    assert "canary" not in "".join(one.stdout for one in said)


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    program = [sys.executable, "-m", "app", "doctor"]
    settings = environment(**NOWHERE, TOPLU_MASTER_KEY=KEY)

    with subprocess.Popen(program, cwd="/", env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as doctor:
        assert doctor.stdout is not None
        assert doctor.stderr is not None
        doctor.stdout.close()
        said = doctor.stderr.read()

    assert b"" == said


def test_the_sandboxs_help_calls_it_by_its_name() -> None:
    done = toplu("sandbox", "--help")

    assert done.stdout.startswith("usage: toplu sandbox ")


def test_the_api_describes_itself_without_servers_or_settings(tmp_path: Path) -> None:
    target = tmp_path / "openapi.json"

    done = toplu("openapi", "--output", str(target))

    assert 0 == done.returncode, done.stderr
    assert "/v1/batches" in json.loads(target.read_text())["paths"]


def test_a_replay_says_whether_the_state_is_what_the_ledger_says(
    servers: Servers, module_database: TestDatabase
) -> None:
    settings = NOWHERE | {"TOPLU_DATABASE_URL": module_database.url, "TOPLU_MASTER_KEY": KEY}
    nobody = toplu("consents", "replay", **settings)
    toplu("init", **settings)

    agreeing = toplu("consents", "replay", **settings)
    servers.postgres.sql(
        "INSERT INTO toplu.consent_states (tenant_id, purpose_id, person_id, consent_act)"
        " SELECT tenant_id, 4, tenant_id, 'given' FROM toplu.tenants",
        database=module_database.name,
    )
    differing = toplu("consents", "replay", **settings)

    assert (1, "There is no tenant" in nobody.stderr) == (nobody.returncode, True)
    assert (0, True) == (agreeing.returncode, "0 facts compared" in agreeing.stdout)
    assert (1, True) == (differing.returncode, "1 of 1 facts" in differing.stdout and "per_" in differing.stdout)


@pytest.mark.anyio
async def test_an_export_says_how_much_it_wrote_and_not_into_the_export(database: TestDatabase, tmp_path: Path) -> None:
    settings = NOWHERE | {"TOPLU_DATABASE_URL": database.url, "TOPLU_MASTER_KEY": KEY}
    toplu("init", **settings)

    shown = toplu("audit", "export", **settings)
    written = toplu("audit", "export", "--output", str(tmp_path / "chain.jsonl"), **settings)

    said = "toplu: 0 links and 0 checkpoints written\n"  # no worker has sealed anything
    assert (0, said) == (shown.returncode, shown.stderr)
    assert (0, "", said) == (written.returncode, written.stdout, written.stderr)
    assert ["export", "end"] == [json.loads(line)["type"] for line in shown.stdout.splitlines()]
    assert 2 == (tmp_path / "chain.jsonl").read_bytes().count(b"\n")


@pytest.mark.anyio
async def test_tenants_are_made_without_anything_invented(servers: Servers, database: TestDatabase) -> None:
    settings = NOWHERE | {"TOPLU_DATABASE_URL": database.url, "TOPLU_MASTER_KEY": KEY}

    made = [toplu("tenants", "create", "--name", name, **settings) for name in ("Dükkân A.Ş.", "Bakkal")]
    again = toplu("tenants", "create", "--name", "Bakkal", **settings)
    nameless = toplu("tenants", "create", "--name", " ", **settings)

    assert [0, 0] == [one.returncode for one in made], made[0].stderr + made[1].stderr
    tenants, keys = zip(*([line.split()[-1] for line in one.stdout.splitlines()] for one in made), strict=True)
    assert (2, 2) == (len(set(tenants)), len(set(keys)))
    assert all(key.startswith("tpl_") for key in keys)
    assert "shown this once" in made[0].stderr
    assert (1, True) == (again.returncode, f"toplu keys create --tenant {tenants[1]}" in again.stderr)
    assert (1, 1) == (nameless.returncode, nameless.stderr.count("\n"))
    found = servers.postgres.sql(
        "SELECT count(*) || ' ' || (SELECT count(*) FROM toplu.senders) FROM toplu.tenants WHERE name IN"
        " ('Dükkân A.Ş.', 'Bakkal')",
        database=database.name,
    )
    assert "2 0" in str(found)
