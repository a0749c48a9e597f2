"""Run the HTTP API or the worker in this process, until SIGTERM."""

import gc
import importlib.util
import runpy
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import uvicorn

from app.cli.errors import Stop
from app.cli.read_settings import read_settings
from app.kit.crypto import MasterKey
from app.kit.logs import configure
from app.settings import Settings

GRACE_S = 20  # for answers under way when we are asked to stop


def run_api(host: str, port: int) -> None:
    """Serve the API with one process. Raises Stop when a setting is missing or wrong."""
    configure(_checked_settings().log_level)
    config = uvicorn.Config(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        loop="auto",  # uvloop and httptools wherever they are installed
        http="auto",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    config.load()
    # What is there now stays: each full collection would go through it again, 50 ms and more in the middle of a large
    # call. Frozen, a check of 10,000 costs half the processor time (220 ms against 107, 2026-11).
    gc.collect()
    gc.freeze()
    # A chunk of recipients is tens of thousands of objects that die by themselves: looked through every 20,000 of them,
    # and not every 700, taking them in costs a twentieth less (2026-11).
    gc.set_threshold(20_000, 10, 10)
    server = uvicorn.Server(config)
    # uvicorn ends in order and then gives the signal to whoever handled it before: nobody would mean a death by it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(3)  # as uvicorn's own command does; its log says why


def run_worker() -> None:
    """Drain lines and settle webhooks. Raises Stop when a setting is missing or wrong."""
    _checked_settings()
    # Importing it opens things: it is the module that stock arq loads.
    from app.worker import main

    main()


def run_sandbox(words: list[str]) -> NoReturn:
    """Become the pretend WhatsApp, which is a program of its own. Raises Stop where it was left out."""
    require_sandbox()
    _become("app.sandbox", words)


def run_demo(words: list[str]) -> NoReturn:
    """Become the demo, which is a program of its own: to us it speaks HTTP. Raises Stop without a sandbox."""
    require_sandbox()
    _become("app.demo", words)


def _become(module: str, words: list[str]) -> NoReturn:
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(0)


def require_sandbox() -> None:
    """Raises Stop when this installation has no sandbox."""
    if importlib.util.find_spec("app.sandbox") is None:
        raise Stop(
            "This installation has no sandbox (production images leave it out). "
            "Name WhatsApp's address with TOPLU_WHATSAPP_URL, or install from source."
        )


def _checked_settings() -> Settings:
    settings = read_settings()
    check_master_key(settings)
    return settings


def check_master_key(settings: Settings) -> None:
    """Raises Stop when the master key is missing or malformed."""
    try:
        MasterKey.read(settings.read_master_key())
    except (ValueError, OSError) as wrong:
        what = f"The master key's file cannot be read: {wrong.strerror}." if isinstance(wrong, OSError) else str(wrong)
        raise Stop(what) from None
