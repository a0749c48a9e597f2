"""The program: `python -m app.sandbox --port 0 --data DIR [--callback URL ...]`.

Prints `{"event": "sandbox.listening", "port": N}` when it can be called. Secrets may come from the
environment instead: TOPLU_SANDBOX_TOKEN, TOPLU_SANDBOX_APP_SECRET, TOPLU_SANDBOX_VERIFY_TOKEN.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sandbox.app import create_app
from app.sandbox.control import Subscription
from app.sandbox.knobs import Knobs, turn
from app.sandbox.log import Quiet, say
from app.sandbox.numbers import PhoneNumber, read_numbers
from app.sandbox.world import Start, World

# command line flag: knob
FLAGS: dict[str, str] = {
    "delay_sent": "delay_sent_s",
    "delay_delivered": "delay_delivered_s",
    "delay_read": "delay_read_s",
    "jitter": "delay_jitter",
    "read_share": "read_share",
    "throughput": "throughput_per_s",
    "latency_ms": "latency_ms",
}


class Cuttable(HttpToolsProtocol):
    """Shows the connection to the application, so that it can be cut in mid-call."""

    def on_message_begin(self) -> None:
        """Begin a request; its scope also carries the transport."""
        super().on_message_begin()
        self.scope["sandbox.transport"] = self.transport  # type: ignore[typeddict-unknown-key]


class Server(uvicorn.Server):
    """Says on which port it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        say("listening", port=sockets[0].getsockname()[1] if sockets else None)


def main() -> None:
    """Read the arguments and serve until SIGTERM or SIGINT."""
    args = _arguments()
    logging.basicConfig(handlers=[Quiet()], level=logging.WARNING, force=True)
    try:
        start = _start(args)
    except (ValueError, OSError) as wrong:
        raise SystemExit(f"sandbox: cannot start: {wrong}") from None
    config = _config(args, start)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(args, Server(config)))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _arguments() -> argparse.Namespace:
    read = argparse.ArgumentParser(prog="toplu sandbox", description="A pretend WhatsApp Cloud API.")
    env = os.environ.get
    read.add_argument("--host", default="127.0.0.1")
    read.add_argument("--port", type=int, default=0, help="0 takes a free one")
    read.add_argument("--data", type=Path, required=True, help="folder of truth.ndjson and templates.json")
    read.add_argument("--token", default=env("TOPLU_SANDBOX_TOKEN", "sandbox-token"))
    read.add_argument("--callback", help="webhooks go here, after a handshake")
    read.add_argument("--app-secret", default=env("TOPLU_SANDBOX_APP_SECRET", "sandbox-app-secret"))
    read.add_argument("--verify-token", default=env("TOPLU_SANDBOX_VERIFY_TOKEN", "sandbox-verify-token"))
    read.add_argument("--templates", type=Path, help="a JSON list, as in Meta's create call")
    read.add_argument("--numbers", type=Path, help="a JSON list, instead of the default number")
    read.add_argument("--seed", type=int, default=1, help="of everything left to chance")
    read.add_argument("--knobs", default="{}", help="a JSON object, as for POST /sandbox/knobs")
    read.add_argument("--burst", type=int, help="throughput_burst")
    read.add_argument("--exit-with-parent", action="store_true", help="stop when the starter is gone")
    for flag in FLAGS:
        read.add_argument(f"--{flag.replace('_', '-')}", type=float)
    return read.parse_args()


def _start(args: argparse.Namespace) -> Start:
    patch: dict[str, object] = msgspec.json.decode(args.knobs, type=dict[str, object])
    given: dict[str, Any] = vars(args)
    patch |= {knob: given[flag] for flag, knob in FLAGS.items() if given[flag] is not None}
    if args.burst is not None:
        patch["throughput_burst"] = args.burst
    numbers = [PhoneNumber()] if args.numbers is None else read_numbers(args.numbers.read_bytes())
    templates = None if args.templates is None else args.templates.read_bytes()
    return Start(args.data, args.token, turn(Knobs(), patch), numbers, templates, args.seed)


async def _serve(args: argparse.Namespace, server: uvicorn.Server) -> None:
    watcher = asyncio.create_task(_watch_parent()) if args.exit_with_parent else None
    await server.serve(sockets=[_listener(args.host, args.port)])
    if watcher is not None:
        watcher.cancel()


def _config(args: argparse.Namespace, start: Start) -> uvicorn.Config:
    subscription = (
        Subscription(args.callback, args.verify_token, args.app_secret) if args.callback is not None else None
    )
    return uvicorn.Config(
        create_app(World(start), subscription),
        http=Cuttable,
        ws="none",
        log_config=None,
        access_log=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,  # unanswered calls would keep us for ever
    )


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket whose connections send at once.

    asyncio sets TCP_NODELAY only on sockets made with IPPROTO_TCP, and this one is not; without it every
    answer waited 44 ms for a delayed acknowledgement (measured: 22 sends a second on one connection).
    """
    listener = socket.create_server((host, port), backlog=2048)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _watch_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
