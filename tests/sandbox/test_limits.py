"""The limits beside a number's throughput: the pair, the people of a portfolio, and an upgrade."""

from __future__ import annotations

from tests.sandbox.caller import Caller, greeting
from tests.sandbox_process import PHONE_NUMBER_ID, SandboxProcess

AYSE, ALI, VELI = "+15550101001", "+15550101002", "+15550101003"


def to(caller: Caller, *people: str) -> list[int | None]:
    return [caller.code(greeting(person)) for person in people]


def test_one_person_gets_45_at_once_and_then_waits_while_others_do_not(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(throughput_per_s=1000, throughput_burst=1000)

    codes = to(caller, *[AYSE] * 46, ALI)

    assert [None] * 45 + [131056, None] == codes
    assert [131056] == [line["code"] for line in sandbox.truth("limited")][-1:]


def test_a_person_may_be_written_to_again_when_the_pair_has_rested(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(pair_every_s=0.05, pair_burst=1)

    first = to(caller, AYSE, AYSE)
    while caller.code(greeting(AYSE)) is not None:
        pass

    assert [None, 131056] == first


def test_a_portfolio_reaches_so_many_people_over_all_its_numbers(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(messaging_limit=2)
    sandbox.control.post("/sandbox/numbers", json={"id": "100000000000002"})

    codes = [*to(caller, AYSE), caller.code(greeting(ALI), number="100000000000002"), *to(caller, VELI, AYSE)]

    assert [None, None, 131048, None] == codes


def test_whoever_wrote_today_is_not_counted(sandbox: SandboxProcess, caller: Caller) -> None:
    sandbox.knobs(messaging_limit=1)
    sandbox.inbound(ALI, text="Merhaba")

    assert [None, None, 131048] == to(caller, AYSE, ALI, VELI)


def test_the_limit_is_shown_as_meta_names_it(sandbox: SandboxProcess, caller: Caller) -> None:
    name = "whatsapp_business_manager_messaging_limit"
    shown = []

    for limit in (0, 250, 2000, 10_000, 100_000):
        sandbox.knobs(messaging_limit=limit)
        shown.append(caller.http.get(f"/v26.0/{PHONE_NUMBER_ID}", params={"fields": name}).json()[name])

    assert ["TIER_UNLIMITED", "TIER_250", "TIER_2K", "TIER_10K", "TIER_100K"] == shown


def test_a_number_cannot_be_used_while_its_throughput_is_raised(sandbox: SandboxProcess, caller: Caller) -> None:
    path = f"/sandbox/numbers/{PHONE_NUMBER_ID}/upgrade"

    sandbox.control.post(path, json={"seconds": 60, "throughput_per_s": 1000})
    meanwhile = to(caller, AYSE)
    sandbox.control.post(path, json={"seconds": 0, "throughput_per_s": 1000})

    assert [131057] == meanwhile
    assert [None] == to(caller, AYSE)
    shown = caller.http.get(f"/v26.0/{PHONE_NUMBER_ID}", params={"fields": "throughput"}).json()
    assert {"level": "HIGH"} == shown["throughput"]
    assert 404 == sandbox.control.post("/sandbox/numbers/7/upgrade", json={}).status_code
