"""What the demo prints: steps, a progress bar (plain lines where nobody watches), tables, and the answer to "why?"."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Json = dict[str, Any]

SENT = ("sent", "delivered", "read")
BAR = 40
PLAIN_STEP = 10  # percent between two plain lines


@dataclass(frozen=True, slots=True)
class Ending:
    """Everything the demo found out. `pace` is messages and seconds by the sandbox's clock."""

    rows: int
    messages: Sequence[Json] = field(repr=False)
    proof: Json = field(repr=False)
    reconciled: bool
    stopped_row: int
    pace: tuple[int, float]

    @property
    def by_state(self) -> Counter[str]:
        """Messages by state, counted here and not by the API."""
        return Counter(message["state"] for message in self.messages)

    @property
    def refusals(self) -> Counter[str]:
        """Refused messages by reason."""
        return Counter(message["reason"] for message in self.messages if message["state"] == "refused")

    @property
    def stopped(self) -> Json | None:
        """The message of the person who wrote STOP."""
        return next((message for message in self.messages if message["row"] == self.stopped_row), None)

    @property
    def good(self) -> bool:
        """Every row has one outcome, both accounts agree, and the STOP was obeyed."""
        return (
            self.reconciled
            and bool(self.proof["balanced"])
            and len(self.messages) == self.proof["total"] == self.rows
            and self.by_state["uncertain"] == 0
            and self.stopped is not None
            and self.stopped["state"] == "refused"
        )

    def examples(self) -> Iterator[tuple[str, Json]]:
        """One that arrived, one that was refused, and the one that was stopped."""
        for title, wanted in (("a delivered message", SENT[1:]), ("a refused message", ("refused",))):
            found = next((m for m in self.messages if m["state"] in wanted and m["person"] is not None), None)
            if found is not None:
                yield title, found
        if self.stopped is not None:
            yield "the message of the person who wrote STOP", self.stopped


class Screen:
    """Prints to standard output; a terminal gets a moving bar."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """One step."""
        self._console.print(f"demo: {escape(line)}")

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[int], None]]:
        """A function to call with how many are done."""
        if not self._console.is_terminal:
            yield self._plain(total)
            return
        columns = (
            TextColumn("demo:"),
            BarColumn(BAR),
            MofNCompleteColumn(),
            TextColumn("done,"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task("", total=total)
            yield lambda done: bar.update(task, completed=done)

    def _plain(self, total: int) -> Callable[[int], None]:
        told = -1

        def tell(done: int) -> None:
            nonlocal told
            step = 100 * done // max(total, 1) // PLAIN_STEP * PLAIN_STEP
            if step > told:
                told = step
                self.say(f"{step:3d} %  {done} of {total}")

        return tell

    def show(self, ending: Ending) -> None:
        """Outcomes, refusals, and how fast it went."""
        counts = ending.by_state
        lines = ["", "outcomes"]
        lines += [f"  {state:<22}{n:>6}" for state, n in sorted(counts.items(), key=lambda item: -item[1])]
        same = "=" if sum(counts.values()) == ending.proof["total"] else "≠"
        lines += [
            f"  {'sum':<22}{sum(counts.values()):>6}  {same} total {ending.proof['total']}",
            "",
            "refused, because",
        ]
        lines += _bars(ending.refusals)
        accepted, seconds = ending.pace
        if seconds:
            lines += ["", f"throughput  {accepted} messages in {seconds:.1f} s: {accepted / seconds:.1f} a second"]
        self._console.print(escape("\n".join(lines)))

    def explain(self, title: str, message: Json, events: Sequence[Json]) -> None:
        """The answer to "why?" for one message: the sentence, the evidence, the delivery log."""
        lines = ["", f"why? {title}: {message['id']}", f"  {message['why']}"]
        evidence = message.get("evidence") or {}
        lines += [f"  {name}: {value}" for name, value in evidence.items() if value is not None]
        if message.get("suppression_event"):
            lines.append(f"  suppression_event: {message['suppression_event']}")
        for event in events:
            reason = f" ({event['reason']})" if event["reason"] else ""
            lines.append(f"  {event['at'][11:23]}  {event['kind']}{reason}")
        self._console.print(escape("\n".join(lines)))

    def prove(self, lines: Sequence[str]) -> None:
        """What the examination of the chain said."""
        self._console.print(escape("\n".join(["", "proof, by `toplu audit verify`", *(f"  {line}" for line in lines)])))

    def last_line(self, ending: Ending) -> None:
        """The line a script reads."""
        counts = ending.by_state
        sent = sum(counts[state] for state in SENT)
        self._console.print(
            f"\ndemo: total={len(ending.messages)} sent={sent} failed={counts['failed']} refused={counts['refused']} "
            f"uncertain={counts['uncertain']} reconciled={'yes' if ending.reconciled else 'no'}"
        )


def _bars(refusals: Counter[str]) -> list[str]:
    most = max(refusals.values(), default=1)
    return [f"  {reason:<22}{n:>6}  {'█' * max(1, BAR * n // most)}" for reason, n in refusals.most_common()]
