"""What goes wrong with an embedded server, said so that an operator can act on it."""

from pathlib import Path

TAIL_LINES = 20


class ServerError(Exception):
    """An embedded server could not be found, placed, started or stopped."""


def tail(log_file: Path, lines: int = TAIL_LINES) -> str:
    """Return the end of a server's own log, indented, for the bottom of an error message.

    Empty when there is no log yet. Reads at most the last 16 kB.
    """
    try:
        with log_file.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in text.splitlines()[-lines:])
