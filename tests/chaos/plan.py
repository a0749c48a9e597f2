"""Which faults come and in which order, drawn before anything runs; and the command that asks for them."""

from dataclasses import dataclass
from random import Random

from tests.chaos.faults import FAULTS


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: how long it waits for its moment, and the Random from which it draws what it chooses."""

    kind: str
    pause_s: float
    rng: Random


def draw(seed: int, faults: int, kinds: list[str]) -> list[Strike]:
    """The same seed and kinds always give the same faults; more of them only follow."""
    rng = Random(f"{seed}:faults")
    weights = [FAULTS[kind][1] for kind in kinds]
    return [
        Strike(rng.choices(kinds, weights)[0], rng.random() * 0.5, Random(f"{seed}:fault {number}"))
        for number in range(faults)
    ]


def command(*, seed: int, messages: int, faults: int, rate: int, kinds: list[str], hurry: bool) -> str:
    """What repeats a run: the same load and faults in the same order. When each strikes is the machine's affair."""
    given = {"FAULTS": faults, "MESSAGES": messages, "RATE": rate, "SEED": seed}
    if kinds != list(FAULTS):
        given |= {"KINDS": ",".join(kinds)}
    if hurry:
        given |= {"HURRY": 1}
    return " ".join(f"{name}={value}" for name, value in given.items()) + " make chaos"
