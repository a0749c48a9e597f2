"""Everything the sandbox says fits the contract: its answers, and every webhook it sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.whatsapp.client import CloudApi, Timeouts
from app.whatsapp.codes import ErrorClass
from app.whatsapp.outcomes import Accepted, Deferred, Halted, Outcome, Rejected, Uncertain
from app.whatsapp.parse import parse
from app.whatsapp.payloads import TemplateForm, template_message, text_message
from app.whatsapp.signature import verify
from app.whatsapp.transport import open_transport
from app.whatsapp.updates import InboundMessage, PreferenceUpdate, StatusUpdate, TemplateUpdate, Update
from tests.contract import schemas
from tests.sandbox_process import APP_SECRET, PHONE_NUMBER_ID, TOKEN, SandboxProcess

pytestmark = pytest.mark.anyio

PERSON = "+905321234567"
FORM = TemplateForm("sonbahar", "tr", body=("ad", "kod"))
VALUES = {"ad": "Şule", "kod": "K7"}
PATIENT = Timeouts(connect_s=10.0, read_s=20.0, total_s=30.0)
BRIEF = Timeouts(connect_s=5.0, read_s=0.5, total_s=10.0)
NEVER_ANSWERED = "+447700900408"


class Receiver:
    """A callback that keeps every webhook and answers 200 at once."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, str | None]] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                self._answer(asked.get("hub.challenge", [""])[0].encode())

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                heard.append((raw, self.headers["X-Hub-Signature-256"]))
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the parent's name
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhook"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def updates(self) -> list[Update]:
        return [update for raw, _ in self.heard for update in parse(raw)]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def sandbox(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    quick: dict[str, Any] = {
        "delay_sent_s": 0.0,
        "delay_delivered_s": 0.01,
        "delay_read_s": 0.02,
        "template_webhooks": True,
    }
    with SandboxProcess.start(folder, callback=receiver.url, **quick) as sandbox:
        sandbox.await_subscribed()
        sandbox.add_template(
            FORM.name,
            "Merhaba {{1}}, kodunuz {{2}}.",
            components=[
                {
                    "type": "BODY",
                    "text": "Merhaba {{1}}, kodunuz {{2}}.",
                    "example": {"body_text": [["Ana", "K1"]]},
                }
            ],
        )
        yield sandbox


async def post(sandbox: SandboxProcess, body: bytes, token: str = TOKEN) -> Outcome:
    waits = BRIEF if NEVER_ANSWERED.encode() in body else PATIENT
    transport = open_transport()
    try:
        return await CloudApi(sandbox.url, "v26.0", transport, waits).post(PHONE_NUMBER_ID, token, body)
    finally:
        await transport.aclose()


def message(opaque: str, to: str = PERSON) -> bytes:
    return template_message(FORM, VALUES, opaque=opaque, to=to)


async def quiet(sandbox: SandboxProcess) -> None:
    await asyncio.to_thread(sandbox.await_quiet)


def unfit(receiver: Receiver) -> list[tuple[str | None, list[str]]]:
    """Every webhook so far that has no schema or does not fit its own."""
    found = []
    for raw, _ in receiver.heard:
        for body in schemas.split(json.loads(raw)):
            name = schemas.webhook_name(body)
            wrong = schemas.problems(name, body) if name else ["no schema"]
            found += [(name, wrong)] if wrong else []
    return found


async def test_a_message_goes_all_the_way_and_every_webhook_fits_and_is_signed(
    sandbox: SandboxProcess, receiver: Receiver
) -> None:
    outcome = await post(sandbox, message("msg_way"))
    await quiet(sandbox)

    assert isinstance(outcome, Accepted)
    told = [one for one in receiver.updates() if isinstance(one, StatusUpdate) and one.opaque == "msg_way"]
    assert {("sent", outcome.wamid), ("delivered", outcome.wamid), ("read", outcome.wamid)} == {
        (one.status, one.wamid) for one in told
    }
    assert [] == unfit(receiver)
    assert all(verify(raw, signature, [APP_SECRET.encode()]) for raw, signature in receiver.heard)


async def test_what_people_do_arrives_as_typed_updates_that_fit(sandbox: SandboxProcess, receiver: Receiver) -> None:
    text = await asyncio.to_thread(sandbox.inbound, PERSON, text="İPTAL 😀 a/b")
    button = await asyncio.to_thread(sandbox.inbound, PERSON, button="OPTOUT", context_wamid=text)
    await asyncio.to_thread(sandbox.inbound, PERSON, text="dur", hide_number=True)
    await asyncio.to_thread(sandbox.inbound, PERSON, preference="stop")
    await asyncio.to_thread(sandbox.inbound, PERSON, preference="resume")

    written = [one for one in receiver.updates() if isinstance(one, InboundMessage)]
    assert [
        (text, "text", PERSON, "İPTAL 😀 a/b", None),
        (button, "button", PERSON, "OPTOUT", "OPTOUT"),
    ] == [(one.wamid, one.kind, one.from_phone, one.text, one.button_payload) for one in written[:2]]
    assert (None, True) == (written[2].from_phone, bool(written[2].from_user_id))
    wishes = [one.value for one in receiver.updates() if isinstance(one, PreferenceUpdate)]
    assert ["stop", "resume"] == wishes
    assert [] == unfit(receiver)


async def test_a_templates_approval_is_told(sandbox: SandboxProcess, receiver: Receiver) -> None:
    await quiet(sandbox)

    told = [one for one in receiver.updates() if isinstance(one, TemplateUpdate)]
    assert (FORM.name, FORM.language, "APPROVED") in [(one.name, one.language, one.event) for one in told]


MAGIC: dict[str, Outcome | type[Accepted]] = {
    "+447700900001": Accepted,
    "+447700900002": Accepted,
    "+447700900003": Uncertain("meta_unsure", 131000),
    "+447700900050": Accepted,
    "+447700900056": Deferred(131056, 6, "recipient", 5),
    "+447700900190": Halted(190, "credentials"),
    "+447700900200": Accepted(None, "447700900200", held=False),
    "+447700900368": Halted(368, "account"),
    NEVER_ANSWERED: Uncertain("read_timeout"),
    "+447700900429": Deferred(130429, 2, "sender"),
    "+447700900500": Uncertain("http_502"),
    "+447700900501": Uncertain("connection_lost"),
}


@pytest.mark.parametrize("to", MAGIC)
async def test_a_magic_number_has_its_outcome_and_its_webhooks_fit(
    sandbox: SandboxProcess, receiver: Receiver, to: str
) -> None:
    wanted = MAGIC[to]

    outcome = await post(sandbox, message(f"msg_{to[-3:]}", to))
    await quiet(sandbox)

    assert isinstance(outcome, Accepted) if isinstance(wanted, type) else wanted == outcome
    assert [] == unfit(receiver)


@pytest.mark.parametrize("to", [NEVER_ANSWERED, "+447700900501", "+447700900200"])
async def test_a_lost_answer_is_told_by_webhook_with_our_own_data(
    sandbox: SandboxProcess, receiver: Receiver, to: str
) -> None:
    opaque = f"msg_lost_{to[-3:]}"

    await post(sandbox, message(opaque, to))
    await quiet(sandbox)

    told = [one for one in receiver.updates() if isinstance(one, StatusUpdate) and one.opaque == opaque]
    assert told


WRONG: dict[str, tuple[bytes, Outcome]] = {
    "no such template": (
        template_message(TemplateForm("yok", "tr"), {}, opaque="m", to=PERSON),
        Halted(132001, "template"),
    ),
    "too few values": (
        template_message(TemplateForm(FORM.name, "tr", body=("ad",)), VALUES, opaque="m", to=PERSON),
        Rejected(132000, ErrorClass.FIX),
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_message_has_the_outcome_of_its_code(sandbox: SandboxProcess, name: str) -> None:
    body, wanted = WRONG[name]

    outcome = await post(sandbox, body)

    assert wanted == outcome


async def test_a_wrong_token_halts_the_credentials(sandbox: SandboxProcess) -> None:
    assert Halted(190, "credentials") == await post(sandbox, message("m"), token="another")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (message("msg_raw"), "answer.accepted"),
        (
            template_message(FORM, VALUES, opaque="msg_raw", user_id="TR.13491208655302741918"),
            "answer.accepted",
        ),
        (text_message("Merhaba", opaque="msg_raw", to=PERSON), "answer.accepted"),
        (WRONG["no such template"][0], "answer.error"),
        (WRONG["too few values"][0], "answer.error"),
        (b"{}", "answer.error"),
        (b"not json", "answer.error"),
        *((message("msg_raw", f"+447700900{end}"), "answer.error") for end in ("003", "056", "190", "368", "429")),
    ],
)
async def test_every_answer_fits_the_contract(sandbox: SandboxProcess, body: bytes, name: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    url = f"{sandbox.url}/v26.0/{PHONE_NUMBER_ID}/messages"

    async with httpx.AsyncClient(trust_env=False) as client:
        answer = (await client.post(url, content=body, headers=headers)).json()

    assert [] == schemas.problems(name, answer)
