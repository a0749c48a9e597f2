"""Take in the recipients of one call, in the caller's transaction: one set, never cut."""

from collections.abc import Sequence
from uuid import UUID

from app.dispatch.create import aim
from app.dispatch.errors import RecipientsInvalid
from app.dispatch.flow.accept import Recipient
from app.dispatch.take_in import RowProblem, take_in
from app.dispatch.upload import FIRST_PROBLEMS, Received, as_field_error, close_upload, open_upload
from app.tenants.door import Transaction


async def take_in_inline(
    tx: Transaction, batch: UUID, recipients: Sequence[Recipient], *, reject: bool, under: str
) -> list[RowProblem]:
    """Write the recipients and count them. The first refused rows come back.

    Raises RecipientsInvalid when `reject` and one cannot be read; `under` is where the rows stand in the body.
    """
    upload = await open_upload(tx.session, tx.tenant, batch, "application/json")
    target = await aim(tx.session, tx.tenant, batch, upload, tx.caller.key_id)
    received = Received(upload)
    # In one set, because two sets in one transaction would lock people in two orders, and so deadlock with another.
    if recipients:
        taken = await take_in(tx.session, tx.keys, target, recipients)
        received.add(taken.refused, taken.invalid, taken.counts, len(recipients))
    if reject and received.invalid:
        raise RecipientsInvalid(errors=[as_field_error(problem, under) for problem in received.invalid])
    await close_upload(tx.session, tx.tenant, batch, received, b"")
    return received.refused[:FIRST_PROBLEMS]
