"""The sandbox that houses of one test process hand on: starting one takes longer than most tests."""

from pathlib import Path

import httpx

from tests.furnish import TEMPLATES
from tests.sandbox_process import SandboxProcess

_idle: list[SandboxProcess] = []  # one for all houses of a test process that stand after each other


def take_sandbox(place: Path) -> SandboxProcess:
    """The idle one, as if just started; the first house, and one beside another, starts its own."""
    if _idle:
        return _idle.pop()
    quick = {"delay_sent_s": 0.02, "delay_delivered_s": 0.05, "delay_read_s": 0.1, "read_share": 0.5}
    return SandboxProcess.start(place, templates=TEMPLATES, throughput_per_s=5000, throughput_burst=5000, **quick)


def give_back(sandbox: SandboxProcess) -> None:
    """Keep it for the next house, unless one is kept already or it does not answer any more."""
    try:
        sandbox.renew()
    except (RuntimeError, httpx.HTTPError):
        sandbox.stop()
        return
    if _idle:
        sandbox.stop()
    else:
        _idle.append(sandbox)


def end_sandbox() -> None:
    """Stop the idle one: the tests are over."""
    while _idle:
        _idle.pop().stop()
