"""What an operator sees of the duties."""

from tests.cli.conftest import toplu
from tests.cli.test_commands import KEY
from tests.conftest import Servers, TestDatabase


def test_the_operator_sees_what_is_due_and_the_doctor_mentions_it_without_calling_it_bad(
    servers: Servers, module_database: TestDatabase
) -> None:
    where = {
        "TOPLU_DATABASE_URL": module_database.url,
        "TOPLU_REDIS_URL": servers.valkey.url,
        "TOPLU_MASTER_KEY": KEY,
        "TOPLU_WHATSAPP_APP_SECRET": "invented",
        "TOPLU_WHATSAPP_VERIFY_TOKEN": "invented",
    }
    toplu("init", **where)

    every, overdue, wrong = [
        toplu("duties", *words, **where) for words in ([], ["--state", "overdue"], ["--state", "late"])
    ]
    nobody = toplu("duties", "--tenant", "ten_01h455vb4pex5vsknk084sn02q", **where)
    doctor = toplu("doctor", **where)

    lines = overdue.stdout.splitlines()
    assert ["overdue"] == [line.split()[0] for line in lines], every.stderr
    assert "transfer_documentation" in lines[0]
    assert "trf_" in lines[0]
    assert len(every.stdout.splitlines()) > 20
    assert "Nothing.\n" == nobody.stdout
    assert (1, 1) == (wrong.returncode, wrong.stderr.count("\n"))
    assert "note  1 duty is overdue: `toplu duties` lists them" in doctor.stdout
    assert 0 == doctor.returncode, doctor.stdout
