"""The truth log: what the sandbox accepted and what the callback acknowledged, one JSON object a line.

`fault`     a call that goes wrong by the knob `faults`: fault, code, opaque, phone_number_id
`refused`   a send that was refused for any other reason, or got a page instead: code, opaque, phone_number_id
`accepted`  before the answer leaves: wamid, opaque, phone_number_id, type, template, to_sha256; held: true if it is
`limited`   a send met a limit (130429, 131056, 131057, the portfolio's): code, opaque, phone_number_id
`status`    after the callback answered 200, once per (wamid, status): wamid, opaque, status, code
`reordered` the statuses of a message will be told out of order: opaque, statuses
`late`      a status will be told later than it is true: opaque, status, late_s
`duplicate` a status will be told twice: opaque, status
`retry`     a webhook was not acknowledged and goes again: updates, attempt (of the next), opaque if it is only one
`repeat`    a webhook was acknowledged and goes again all the same: the same
`inbound`   after the callback answered 200: wamid, kind, from_sha256
`upgrade`   a number gets another throughput: phone_number_id, throughput_per_s
`reset`     everything before this line is forgotten by the sandbox

`to_sha256` is SHA-256 over the digits with a leading `+`, or over the business-scoped id.
Mind that a wamid, like Meta's own, holds the recipient's digits in base64: the file is for invented people.
Lines are flushed to the operating system, not synced: a crash of the machine may lose the last ones.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec


class Truth:
    """Appends to one file; opened once, closed with the program."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab")

    def write(self, event: str, **facts: object) -> None:
        """Append one line and flush it; a fact that is None is left out."""
        line = {"at": now_text(), "event": event, **{k: v for k, v in facts.items() if v is not None}}
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def now_text() -> str:
    """The time in UTC with milliseconds, RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
