"""Require that the transfer to WhatsApp is documented, where the installation says that it must be."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.registers.errors import TransferUndocumented
from app.settings import Settings

_documented = text(
    "SELECT coalesce(bool_or(documented), false) FROM transfers_v1"
    " WHERE tenant_id = :tenant AND built_in = 'whatsapp' AND ended_at IS NULL"
)


async def require_transfer(settings: Settings, session: Session, tenant: UUID) -> None:
    """Raises TransferUndocumented under the policy `block` while the tenant's own record allows no sending.

    Under `warn` nothing is asked here: the duties tell of it.
    """
    if settings.transfer_policy == "block" and not await session.scalar(_documented, {"tenant": tenant}):
        raise TransferUndocumented
