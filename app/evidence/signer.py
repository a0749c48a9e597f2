"""The key that signs checkpoints and receipts: made from the master key, so it is neither stored nor lost apart.

Only public halves are kept, with what vouches for them: when another key begins, it signs every key that signed before
it. So whoever trusts the key of today can check what was signed at any time, and a key that somebody only wrote into
the table is not believed.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from app.audit.record import record
from app.evidence.chain import origin_of
from app.evidence.models import signing_keys
from app.evidence.vouch import VOUCHED, vouched_for
from app.kit.db import Session
from app.kit.notes import Signer, Verifier
from app.runtime import Runtime

_rows = text("SELECT key, vouched_by, signature FROM signing_keys WHERE tenant_id = :tenant ORDER BY at, key")
# Every key that signed a checkpoint of this chain, but the one that is asked for.
_signed = text("SELECT DISTINCT key FROM checkpoints WHERE tenant_id = :tenant AND key <> :key ORDER BY key")


def signer_of(run: Runtime, tenant: UUID) -> Signer:
    """The installation's Ed25519 key, under the name of the tenant's chain."""
    return Signer(origin_of(tenant), run.master.subkey("checkpoints"))


async def publish(session: Session, tenant: UUID, signer: Signer) -> None:
    """Let a key that was not seen before begin: it vouches for itself and those before it. An act in the chain."""
    mine = signer.verifier.text
    before = list((await session.execute(_signed, {"tenant": tenant, "key": mine})).scalars())
    rows = [
        {"tenant_id": tenant, "key": key, "vouched_by": mine, "signature": signer.sign(VOUCHED + key.encode())}
        for key in [mine, *before]
    ]
    await session.execute(insert(signing_keys), rows)
    detail = {"key": mine, "vouches_for": before}
    await record(session, tenant, action="signing_key.published", actor="worker", detail=detail)


async def list_vouchers(session: Session, tenant: UUID) -> list[Mapping[str, Any]]:
    """Which key vouches for which, as it is stored: `key`, `by`, `signature` in hexadecimal. To be checked."""
    rows = await session.execute(_rows, {"tenant": tenant})
    return [{"key": row.key, "by": row.vouched_by, "signature": row.signature.hex()} for row in rows]


async def trusted_keys(run: Runtime, session: Session, tenant: UUID) -> list[Verifier]:
    """The key of today first, then every key that it vouches for."""
    return vouched_for([signer_of(run, tenant).verifier], await list_vouchers(session, tenant))
