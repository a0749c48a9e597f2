"""What a worker holds while it works: the line, and the messages it may post."""

from dataclasses import dataclass, field
from uuid import UUID

from app.kit.crypto import keyed_hash
from app.runtime import TenantKeys


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's hold on a sender's line: every claim and every record carries its fence."""

    tenant: UUID
    sender: UUID
    owner: str
    fence: int


@dataclass(frozen=True, slots=True)
class Leased:
    """One message that may be posted now, still sealed.

    The address is sealed for its holder, who is another person than the message's when that one was absorbed meanwhile.
    """

    id: UUID
    attempts: int
    person_id: UUID
    kind: str
    address_ct: bytes = field(repr=False)
    variables_ct: bytes | None = field(repr=False)
    salt: bytes = field(repr=False)
    holder_id: UUID
    holder_salt: bytes = field(repr=False)
    claim: int | None = None  # the how-manieth claim of this message; an answer is written for this claim only


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """The message cannot be built from what is stored, so nothing was posted and nothing ever will be."""

    why: str


def wamid_hash(keys: TenantKeys, wamid: str) -> UUID:
    """What is kept of WhatsApp's message id: the id itself carries the phone number, in base64."""
    return keyed_hash(keys.lookup, b"wamid|" + wamid.encode())
