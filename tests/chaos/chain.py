"""The chain of evidence after everything broke: sealed to its end, and verified as `toplu audit verify` does."""

import asyncio
import time

from app.evidence.examine import Flawed
from app.evidence.signer import trusted_keys
from app.evidence.verify import verify_chain
from app.runtime import open_runtime
from tests.chaos.stack import Stack

SEALED_S = 60.0


async def flaws_of_chain(stack: Stack) -> list[str]:
    """What the product's own verification finds, once the workers have sealed what was written."""
    tenant = stack.tenant.id
    deadline = time.monotonic() + SEALED_S
    while (waiting := await _waiting(stack)) and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    if waiting:
        return [f"after {SEALED_S:.0f} s {waiting} were still not sealed"]
    async with open_runtime(stack.settings, "api") as run:
        async with run.db.begin(tenant) as session:
            keys = await trusted_keys(run, session, tenant)
        try:
            verified = await verify_chain(run, tenant, keys)
        except Flawed as flaw:
            return [str(flaw)]
    return [] if verified.decisions else ["there is no decision in the chain"]


async def _waiting(stack: Stack) -> int:
    rows = await stack.ask("SELECT coalesce(sum(n), 0)::int AS n FROM seal_queue WHERE source <> 'checkpoint'")
    waiting: int = rows[0]["n"]
    return waiting
