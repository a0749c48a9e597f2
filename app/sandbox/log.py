"""One JSON object a line on stdout: what happened, never an address or a token."""

import logging
import sys

import msgspec

from app.sandbox.truth import now_text


def say(event: str, **facts: object) -> None:
    """Write one event, flushed; values must be ids, counts or codes."""
    line = msgspec.json.encode({"at": now_text(), "event": f"sandbox.{event}", **facts})
    sys.stdout.write(line.decode("utf-8") + "\n")
    sys.stdout.flush()


class Quiet(logging.Handler):
    """Turns what libraries log into our lines, without their text: it may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say where it came from and which exception it was."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        say("library_spoke", logger=record.name, level=record.levelname.lower(), kind=kind, line=record.lineno)
