"""Numbers with a fate: write to one of them and the named thing happens.

Two families, both reserved for fiction, so that no person ever owns one:

- `+44 7700 900nnn` (Ofcom's drama range). libphonenumber calls these *not valid*.
- `+1 202 555 01nn` (NANPA's fictional range), the twin for callers that insist on valid numbers.

| +44 7700 900… | +1 202 555 01… | what happens |
|---|---|---|
| 001 | 01 | sent, delivered, never read |
| 002 | 02 | accepted, then webhook failed 131026 |
| 003 | 03 | refused 131000 |
| 014 | 14 | accepted, held for quality, then released |
| 015 | 15 | accepted, held for quality, then webhook failed 132015 |
| 049 | 49 | accepted, then webhook failed 131049 |
| 050 | 50 | accepted, then webhook failed 131050 |
| 056 | 56 | refused 131056 |
| 131 | 31 | accepted, then silence |
| 190 | 90 | refused 190 |
| 200 | 20 | accepted, 200 without a readable id |
| 368 | 68 | refused 368 |
| 408 | 08 | accepted, then no answer at all; webhooks come |
| 429 | 29 | refused 130429 |
| 470 | 47 | accepted, then webhook failed 131047 |
| 500 | 05 | not accepted, HTML 502 |
| 501 | 06 | accepted, then the connection is cut; webhooks come |

Any other number is sent, delivered, and read for the share that the knobs say.
A refusal by magic comes after the validation and before the throughput bucket.
"""

from dataclasses import dataclass
from typing import Literal

Ending = Literal["answer", "html", "hang", "cut", "no_id", "torn"]

DRAMA = "447700900"
FICTION = "120255501"
DROPPED = 132015  # what a held message fails with when its template did badly (Meta, template pacing)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one message: refused with `refuse`, or the `statuses`, and how the call ends."""

    tells: str
    statuses: tuple[str, ...] = ("sent", "delivered", "read")
    refuse: int | None = None
    fail: int | None = None
    ending: Ending = "answer"
    read_for_sure: bool = True
    held: bool = False  # for quality, if it is a template: told of no sooner than the knob `held_release_s`

    @property
    def accepted(self) -> bool:
        """Whether the message exists afterwards."""
        return self.refuse is None and self.ending != "html"


def _refused(code: int) -> Fate:
    return Fate(f"refused {code}", (), refuse=code)


def _failed(code: int) -> Fate:
    return Fate(f"accepted, then webhook failed {code}", ("failed",), fail=code)


# (drama suffix, fiction suffix): fate
_FATES: dict[tuple[str, str], Fate] = {
    ("001", "01"): Fate("sent, delivered, never read", ("sent", "delivered")),
    ("002", "02"): _failed(131026),
    ("003", "03"): _refused(131000),
    ("014", "14"): Fate("accepted, held for quality, then released", held=True),
    ("015", "15"): Fate(
        f"accepted, held for quality, then webhook failed {DROPPED}", ("failed",), fail=DROPPED, held=True
    ),
    ("049", "49"): _failed(131049),
    ("050", "50"): _failed(131050),
    ("056", "56"): _refused(131056),
    ("131", "31"): Fate("accepted, then silence", ()),
    ("190", "90"): _refused(190),
    ("200", "20"): Fate("accepted, 200 without a readable id", ending="no_id"),
    ("368", "68"): _refused(368),
    ("408", "08"): Fate("accepted, then no answer at all", ending="hang"),
    ("429", "29"): _refused(130429),
    ("470", "47"): _failed(131047),
    ("500", "05"): Fate("not accepted, HTML 502", (), ending="html"),
    ("501", "06"): Fate("accepted, then the connection is cut", ending="cut"),
}
_BY_WA_ID = {DRAMA + drama: fate for (drama, _), fate in _FATES.items()} | {
    FICTION + fiction: fate for (_, fiction), fate in _FATES.items()
}
ORDINARY = Fate("sent, delivered, read for a share", read_for_sure=False)


def fate_of(wa_id: str) -> Fate:
    """The fate of a number (digits without `+`); the ordinary one for every number not listed."""
    return _BY_WA_ID.get(wa_id, ORDINARY)


def list_magic() -> list[dict[str, str]]:
    """The table above for `GET /sandbox/magic`."""
    return [{"number": f"+{wa_id}", "tells": fate.tells} for wa_id, fate in _BY_WA_ID.items()]
