"""The program: `python -m app.demo`. Exit 0 when every message was reconciled, 1 otherwise, 130 after Ctrl-C."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from app.demo.caller import Caller
from app.demo.errors import DemoFailed
from app.demo.run import run
from app.demo.show import Screen
from app.demo.stack import refuse_far_whatsapp, run_stack


def main() -> None:
    """Refuse what is not safe, start the stack, run, clean up."""
    args = _arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _as_ctrl_c)
    screen = Screen()
    try:
        refuse_far_whatsapp(os.environ.get("TOPLU_WHATSAPP_URL"))
        good = _demonstrate(screen, rows=args.rows, rate=args.rate, keep=args.keep)
    except DemoFailed as failed:
        print(f"demo: {failed}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("demo: stopped; everything it had made is removed", file=sys.stderr)
        sys.exit(130)
    sys.exit(0 if good else 1)


def _demonstrate(screen: Screen, *, rows: int, rate: int, keep: Path | None) -> bool:
    screen.say("starting PostgreSQL, Valkey, API, worker and a pretend WhatsApp")
    with tempfile.TemporaryDirectory(prefix="toplu-demo-results-") as folder, run_stack() as stack:
        results = Path(folder) / "results.jsonl"
        with Caller(stack) as caller:
            ending = run(stack, caller, screen, rows=rows, rate=rate, results=results)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            for kept in (results, Path(stack.truth)):
                shutil.copyfile(kept, keep / kept.name)
        screen.say("stopping")
    screen.last_line(ending)
    return ending.good


def _arguments() -> argparse.Namespace:
    read = argparse.ArgumentParser(prog="toplu demo", description=__doc__)
    read.add_argument("--rows", type=int, default=5000, help="the first so many of the shipped list's 5,000 rows")
    read.add_argument("--rate", type=int, default=80, help="messages per second of the pretend number, at most 1,000")
    read.add_argument("--keep", type=Path, help="copy the truth log and the results to this folder, to look at")
    return read.parse_args()


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
