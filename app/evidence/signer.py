"""The key that signs checkpoints and receipts: made from the master key, so it is neither stored nor lost apart."""

from uuid import UUID

from app.evidence.chain import origin_of
from app.kit.notes import Signer
from app.runtime import Runtime


def signer_of(run: Runtime, tenant: UUID) -> Signer:
    """The installation's Ed25519 key, under the name of the tenant's chain."""
    return Signer(origin_of(tenant), run.master.subkey("checkpoints"))
