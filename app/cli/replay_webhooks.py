"""Read every kept webhook again: compare with what is kept of them, or settle them once more."""

from app.inbound.replay import Replayed, check_webhooks, settle_again
from app.kit.ids import encode
from app.runtime import open_runtime
from app.settings import Settings

MOST_SHOWN = 100


async def replay_webhooks(settings: Settings, *, check: bool) -> Replayed:
    """All tenants, as the worker. `check` changes nothing."""
    async with open_runtime(settings, "worker") as run:
        return await (check_webhooks(run) if check else settle_again(run))


def show_replayed(replayed: Replayed, *, check: bool) -> list[str]:
    """The totals, and a line for each of the first hundred differences. Names messages by their ids only."""
    read = f"{replayed.statuses} statuses in {replayed.webhooks} webhooks"
    lines = [f"note  {replayed.unreadable} webhooks cannot be read"] if replayed.unreadable else []
    if not check:
        return [*lines, f"ok    {read} settled again: {replayed.fresh} were new"]
    if not replayed.differences:
        return [*lines, f"ok    {read} compared: what is kept is what they told"]
    lines.append(f"bad   {read} compared: {len(replayed.differences)} differences")
    shown = sorted(replayed.differences)[:MOST_SHOWN]
    return lines + [f"      {encode('msg', message)} {what}" for message, what in shown]
