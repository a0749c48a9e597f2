"""One sandbox and one callback for all these tests, both as new before each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.caller import Caller
from tests.sandbox.receiver import Receiver
from tests.sandbox_process import VERIFY_TOKEN, SandboxProcess

TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "greeting",
        "language": "tr",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Merhaba {{1}}, kod {{2}}."}],
    },
    {
        "name": "named_offer",
        "language": "en_US",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hi {{first_name}}, use {{code}}."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Stop"},
                    {"type": "URL", "text": "Open", "url": "https://example.com/{{1}}"},
                ],
            },
        ],
    },
    {
        "name": "plain",
        "language": "tr",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "İyi günler."}],
    },
]
QUICK: dict[str, Any] = {
    "delay_sent_s": 0.0,
    "delay_delivered_s": 0.02,
    "delay_read_s": 0.04,
    "webhook_flush_s": 0.005,
}


@pytest.fixture(scope="session")
def callback() -> Iterator[Receiver]:
    receiver = Receiver(VERIFY_TOKEN)
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def process(callback: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess.start(folder, callback.url, templates=TEMPLATES, **QUICK) as sandbox:
        sandbox.await_subscribed()
        yield sandbox


@pytest.fixture
def receiver(callback: Receiver) -> Receiver:
    return callback


@pytest.fixture
def sandbox(process: SandboxProcess, callback: Receiver) -> SandboxProcess:
    process.reset()
    callback.clear()
    return process


@pytest.fixture
def caller(sandbox: SandboxProcess) -> Iterator[Caller]:
    business = Caller(sandbox.url)
    yield business
    business.http.close()
