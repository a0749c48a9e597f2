"""Run the whole stack in one process tree: servers, migrations, pretend WhatsApp, API, worker."""

import asyncio
import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from app.cli import example
from app.cli.errors import Stop
from app.cli.init import Initialised, init
from app.cli.migrate import migrate
from app.cli.parts import Deaths, Part
from app.cli.place import Place
from app.cli.read_settings import read_settings
from app.cli.serve import check_master_key, require_sandbox
from app.cli.servers import Servers, start_servers
from app.kit.servers import Valkey
from app.kit.servers.errors import tail
from app.kit.servers.process import free_port

WEBHOOK = "/providers/whatsapp/webhook"
SANDBOX_PORT = 8001  # unless somebody listens there
AT_ANY_HOUR = {
    "TOPLU_QUIET_HOURS": "off",
    "TOPLU_MARKETING_PER_7_DAYS": "off",
    "TOPLU_MARKETING_PER_30_DAYS": "off",
    "TOPLU_CONTACT_RULES_OFF_ACKNOWLEDGED_BY": "toplu up: the pretend WhatsApp",
}
READY_S = 60.0
LOOK_S = 0.25
PORT_PATIENCE_S = 5.0  # for an API of before that is just ending
# How long each is given to end by itself. The worker waits for answers to what it has posted.
WORKER_S, API_S, SANDBOX_S = 90.0, 30.0, 5.0


@dataclass(frozen=True, slots=True)
class Up:
    """What runs. `sandbox` and its truth log are None where WhatsApp's address was given."""

    url: str
    data_dir: Path
    sandbox: str | None
    truth: Path | None
    first: Initialised


def up(
    data_dir: Path,
    *,
    port: int,
    sandbox_port: int | None,
    tenant: str,
    tell: Callable[[Up], None],
    say: Callable[[str], None],
) -> None:
    """Run until Ctrl-C or SIGTERM; then stop everything in order, the worker first and drained.

    `tell` is called once, when all of it answers. Raises Stop and ServerError when something cannot run.
    """
    with _until_told(), ExitStack() as stack:
        place = Place.open(data_dir)
        plan = _plan(place, port, sandbox_port)
        say("starting PostgreSQL and Valkey")
        servers = start_servers(place, stack)
        stack.callback(place.forget_environment)
        ours = plan.common | servers.addresses["api"]
        ours["TOPLU_MIGRATION_DATABASE_URL"] = servers.addresses["migrate"]["TOPLU_DATABASE_URL"]
        place.write_environment(ours)
        place.write_worker_environment(_settings_of_a_worker(plan, servers))
        os.environ.update(ours)
        check_master_key(read_settings())
        say("bringing the database up to date")
        migrate()
        first = asyncio.run(init(read_settings(), tenant))
        say("starting API and worker")
        parts = list(_parts(place, plan, servers))
        for part in parts:
            stack.callback(part.stop)
            part.begin()
        _await_ready(plan, parts)
        tell(_running(place, plan, first))
        try:
            _watch(parts, servers, say)
        finally:
            say("stopping: the worker first, when it has written down every answer")


@contextmanager
def _until_told() -> Iterator[None]:
    """Run the block until the first of SIGINT, SIGTERM, SIGHUP; further ones change nothing.

    Stopping in order takes as long as it takes: a second Ctrl-C must not leave half of it behind.
    """
    told = False

    def hear(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if not told:
            told = True
            raise KeyboardInterrupt

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, hear) for number in wanted}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things will listen, and the settings that all parts share. `sandbox` is None with a given WhatsApp."""

    url: str
    port: int
    sandbox: str | None
    sandbox_port: int
    common: dict[str, str] = field(repr=False)


def _plan(place: Place, port: int, sandbox_port: int | None) -> Plan:
    port = _claim_port(port, "--port")
    given = "TOPLU_WHATSAPP_URL" in os.environ
    common, listens_at = {}, 0
    if not {"TOPLU_MASTER_KEY", "TOPLU_MASTER_KEY_FILE"} & os.environ.keys():
        common["TOPLU_MASTER_KEY_FILE"] = str(place.master_key())
    if not given:
        require_sandbox()
        listens_at = free_port(SANDBOX_PORT) if sandbox_port is None else _claim_port(sandbox_port, "--sandbox-port")
        common["TOPLU_WHATSAPP_URL"] = f"http://127.0.0.1:{listens_at}"
        common["TOPLU_WHATSAPP_APP_SECRET"] = place.secret("sandbox.app-secret")
        common["TOPLU_WHATSAPP_VERIFY_TOKEN"] = place.secret("sandbox.verify-token")
        # Nobody is woken by a pretend WhatsApp, and a first send should work at any hour. What was set counts.
        common |= {name: value for name, value in AT_ANY_HOUR.items() if name not in os.environ}
    sandbox = common.get("TOPLU_WHATSAPP_URL")
    return Plan(f"http://127.0.0.1:{port}", port, sandbox, listens_at, common)


def _claim_port(wish: int, option: str) -> int:
    """The port, once nobody listens there any more; any free one for 0. Raises Stop when it stays taken."""
    deadline = time.monotonic() + PORT_PATIENCE_S
    while (port := free_port(wish)) != wish and wish != 0:
        if time.monotonic() > deadline:
            raise Stop(
                f"Port {wish} of 127.0.0.1 is taken. Choose another with {option}; where another `toplu up` has it, "
                "another --data-dir too."
            )
        time.sleep(0.1)
    return port


def _settings_of_a_worker(plan: Plan, servers: Servers) -> dict[str, str]:
    """What one more worker needs. A master key that came by the environment is not put on disk."""
    given = {name: value for name, value in os.environ.items() if name.startswith("TOPLU_")}
    for name in ("TOPLU_MASTER_KEY", "TOPLU_MIGRATION_DATABASE_URL", "TOPLU_DATA_DIR"):
        given.pop(name, None)
    return given | plan.common | servers.addresses["worker"]


def _parts(place: Place, plan: Plan, servers: Servers) -> Iterator[Part]:
    """In the order in which they begin; they stop in the opposite one."""
    shared = dict(os.environ) | plan.common
    api = ["app", "api", "--host", "127.0.0.1", "--port", str(plan.port)]
    yield Part(place, "api", api, shared | servers.addresses["api"], API_S)
    if plan.sandbox is not None:
        yield Part(place, "sandbox", _sandbox_words(place, plan), _sandbox_secrets(plan), SANDBOX_S)
    yield Part(place, "worker", ["app", "worker"], shared | servers.addresses["worker"], WORKER_S)


def _sandbox_words(place: Place, plan: Plan) -> list[str]:
    data = place.path / "sandbox"
    words = ["app.sandbox", "--port", str(plan.sandbox_port), "--data", str(data), "--exit-with-parent"]
    words += ["--callback", plan.url + WEBHOOK]
    if not (data / "templates.json").exists():
        words += ["--templates", str(place.write("sandbox/given-templates.json", example.sandbox_templates()))]
    return words


def _sandbox_secrets(plan: Plan) -> dict[str, str]:
    """All it is told; of our database and keys it knows nothing."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TOPLU_")}
    return ours | {
        "TOPLU_SANDBOX_TOKEN": example.SANDBOX_TOKEN,
        "TOPLU_SANDBOX_APP_SECRET": plan.common["TOPLU_WHATSAPP_APP_SECRET"],
        "TOPLU_SANDBOX_VERIFY_TOKEN": plan.common["TOPLU_WHATSAPP_VERIFY_TOKEN"],
    }


def _await_ready(plan: Plan, parts: list[Part]) -> None:
    """Wait until API, worker and sandbox answer. Raises Stop with the end of a log when one of them does not."""
    deadline = time.monotonic() + READY_S
    while not _ready(plan):
        late = time.monotonic() > deadline
        for part in parts:
            if late or not part.running:
                what = "is not ready" if part.running else "ended"
                log = part.place.log_file(part.name)
                raise Stop(f"The {part.name} {what}. The end of {log}:{tail(log)}")
        time.sleep(0.1)


def _ready(plan: Plan) -> bool:
    asked = _ask(f"{plan.url}/readyz")
    if asked.get("status") != "pass":
        return False
    return plan.sandbox is None or bool(_ask(f"{plan.sandbox}/sandbox/state").get("subscribed"))


def _ask(url: str) -> dict[str, Any]:
    """The JSON behind an address of ours; empty when there is none. A proxy of the environment has no part in it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5) as answer:
            told: dict[str, Any] = json.load(answer)
    except (OSError, ValueError):
        return {}
    return told


def _running(place: Place, plan: Plan, first: Initialised) -> Up:
    truth = None if plan.sandbox is None else place.path / "sandbox" / "truth.ndjson"
    return Up(plan.url, place.path, plan.sandbox, truth, first)


def _watch(parts: list[Part], servers: Servers, say: Callable[[str], None]) -> None:
    """Begin again what dies. Raises Stop when that does not help, or when PostgreSQL is gone."""
    deaths = Deaths()
    while True:
        time.sleep(LOOK_S)
        gone = servers.find_ended()
        if isinstance(gone, Valkey):
            say(f"Valkey ended; starting it again (its log: {gone.log_file})")
            deaths.count("Valkey", gone.log_file)
            gone.begin_again()
        elif gone is not None:
            raise Stop(f"PostgreSQL ended. The end of {gone.log_file}:{tail(gone.log_file)}")
        for part in parts:
            if not part.running:
                say(f"the {part.name} ended; starting it again (its log: {part.place.log_file(part.name)})")
                time.sleep(1)
                part.begin_again()
