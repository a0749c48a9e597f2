"""Whether a tenant may send is decided in one place, and every way of sending goes through it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.edge.operations import operations_of
from tests.house import House, phone
from tests.rooms.terms_of import publish, text_of

pytestmark = pytest.mark.anyio

APP = Path(__file__).resolve().parents[3] / "app"
REFUSED = (403, "terms_acceptance_required")
# One request for each route that sends. The test below compares this list with the document.
SENDING: dict[str, Callable[[House, dict[str, str]], Awaitable[httpx.Response]]] = {
    "createBatch": lambda house, ids: house.client.post("/v1/batches", json=house.batch_of(phone(1))),
    "sendMessage": lambda house, ids: house.client.post(
        "/v1/messages",
        json={name: value for name, value in house.batch_of().items() if name not in ("recipients", "start")}
        | {"to": phone(1), "variables": {"first_name": "Ayşe"}},
    ),
    "startBatch": lambda house, ids: house.client.post(f"/v1/batches/{ids['draft']}/start"),
    "resumeBatch": lambda house, ids: house.client.post(f"/v1/batches/{ids['paused']}/resume"),
}


async def batches(house: House) -> dict[str, str]:
    """A draft and a paused batch, made while sending was allowed."""
    await house.consent(phone(1), phone(2))
    draft = (await house.send(phone(1), start=False))["id"]
    paused = (await house.send(phone(1)))["id"]
    await house.client.post(f"/v1/batches/{paused}/pause")
    return {"draft": draft, "paused": paused}


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, "" if answer.is_success else answer.json()["code"]


@pytest.mark.covers("O8", "O20")
async def test_every_route_that_sends_is_refused_until_the_terms_are_accepted(api_only: House) -> None:
    house = api_only
    ids = await batches(house)
    document = await house.get("/openapi.json")
    sending = {one.id for one in operations_of(document) if one.scopes == ["batches:send"]} | {"createBatch"}
    assert sending == SENDING.keys(), "a new way of sending: add it here, and let it ask `permit_sending`"
    await publish(house.run.db, text_of())

    before = {name: told(await call(house, ids)) for name, call in SENDING.items()}
    shown = (await house.get("/v1/terms"))["data"][0]["in_force"]
    body = {name: shown[name] for name in ("document", "version", "bundle_sha256")}
    by = {"name": "Deniz Yılmaz", "role": "Genel müdür"}
    accepted = await house.client.post("/v1/terms/acceptances", json=body | {"accepted_by": by})
    after = {name: told(await call(house, ids)) for name, call in SENDING.items()}

    assert dict.fromkeys(SENDING, REFUSED) == before
    assert 201 == accepted.status_code
    assert {"createBatch": 202, "sendMessage": 202, "startBatch": 202, "resumeBatch": 200} == {
        name: status for name, (status, _) in after.items()
    }


@pytest.mark.covers("O20")
async def test_nothing_else_waits_for_terms(api_only: House) -> None:
    house = api_only
    ids = await batches(house)
    await publish(house.run.db, text_of())
    people: dict[str, Any] = {"people": [{"to": phone(2)}], "channel": "api"}

    await house.consent(phone(3))
    await house.withdraw(phone(1))
    answers = [
        await house.client.post("/v1/suppressions", json=people | {"scope": "all", "by": "person"}),
        await house.client.post("/v1/batches", json=house.batch_of(phone(3), start=False)),
        await house.client.get(f"/v1/batches/{ids['paused']}/messages"),
        await house.client.post(f"/v1/batches/{ids['paused']}/cancel"),
        await house.client.get("/v1/terms"),
    ]

    assert [200, 201, 200, 200, 200] == [answer.status_code for answer in answers]


async def test_the_refusal_names_the_documents_and_grace_is_waited_for(api_only: House) -> None:
    house = api_only
    await house.consent(phone(1))
    await publish(house.run.db, text_of("data-processing"), grace_days=3)
    in_grace = await house.client.post("/v1/batches", json=house.batch_of(phone(1)))
    await publish(house.run.db, text_of())

    refused = await house.client.post("/v1/batches", json=house.batch_of(phone(1)))

    assert 202 == in_grace.status_code
    assert ["service-terms"] == refused.json()["documents"]
    states = {(one["document"], one["standing"]) for one in (await house.get("/v1/terms"))["data"]}
    assert {("data-processing", "open"), ("service-terms", "overdue")} == states


@pytest.mark.covers("O8")
async def test_whoever_makes_a_batch_run_asks_the_one_decision_first() -> None:
    """What moves a batch to running is a closed list: two verbs that ask, and the sweep, which lets a batch that was
    permitted at its start begin at its time. What runs already is asked about once a second, in `agenda`.
    """
    running = {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        if "UPDATE batches" in (text := path.read_text("utf-8")) and ("RUNNING" in text or "'running', started" in text)
    }
    asking = {
        str(path.relative_to(APP)) for path in APP.rglob("*.py") if "await permit_sending(" in path.read_text("utf-8")
    }

    assert {"dispatch/start.py", "dispatch/pause.py", "dispatch/permit.py"} == asking
    assert running - asking <= {"dispatch/sweep.py"}
    assert asking <= running | {"dispatch/permit.py"}
