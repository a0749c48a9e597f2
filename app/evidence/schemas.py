"""What crosses the edge of this room."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field

from app.kit.ids import PrefixedId
from app.kit.page import PageBody

CheckpointId = Annotated[UUID, PrefixedId("chk")]
Hash = Annotated[str, Field(description="SHA-256, in hexadecimal.", examples=["9f" * 32])]


class AuditKey(BaseModel):
    """A public key that verifies checkpoints and receipts."""

    name: Annotated[
        str, Field(description="The origin of the chain.", examples=["toplu/ten_01h455vb4pex5vsknk084sn02q"])
    ]
    algorithm: Literal["Ed25519"]
    key: Annotated[str, Field(description="As C2SP signed notes write it: name, key id and key.")]
    public_key: Annotated[str, Field(description="The 32 bytes alone, in base64.")]
    signs: Annotated[bool, Field(description="Whether it signs now; one of before only verifies what it signed.")]


class AuditKeys(BaseModel):
    """The keys of a chain. Keep a copy elsewhere: a proof is worth as much as the key it is checked with."""

    keys: list[AuditKey]


class Checkpoint(BaseModel):
    """A signed statement of how long the chain was, and of the root over its links."""

    id: CheckpointId
    size: Annotated[int, Field(description="Links.")]
    root: Hash
    note: Annotated[str, Field(description="The signed note, as C2SP tlog-checkpoint describes it.")]
    key: Annotated[str, Field(description="The key that signed it.")]
    stamp: Annotated[str | None, Field(description="A time-stamp token over the note's SHA-256, in base64.")]
    at: datetime


class CheckpointDetail(Checkpoint):
    """A checkpoint; with `since`, the proof that its chain begins with the first so many links."""

    consistency: Annotated[list[Hash] | MISSING, Field(description="RFC 6962, 2.1.2.")] = MISSING


class CheckpointPage(PageBody[Checkpoint]):
    """A page of checkpoints, newest first."""


class AuditLink(BaseModel):
    """One link of the chain: a line of the consent ledger, an administrative act, or a tree of decisions."""

    seq: Annotated[int, Field(description="Its place, from 1, without gaps.")]
    source: Literal["consent", "audit", "decisions"]
    source_id: Annotated[str, Field(description="What it is about: `cev_…`, `aud_…` or `dec_…`.")]
    digest: Annotated[Hash, Field(description="Of the content's canonical bytes.")]
    hash: Annotated[Hash, Field(description="Of 0x00, the place, the hash before, and the digest.")]
    sealed_at: datetime


class AuditLinkPage(PageBody[AuditLink]):
    """A page of links, in order."""


class Receipt(BaseModel):
    """Why a message was sent, or not, with its proof; the blocks are those of ISO/IEC TS 27560:2023.

    Keep it as it is: the signature is over all of it. Where `sealed` is false it proves nothing yet, and `missing`
    says what is still to come; ask again.
    """

    header: dict[str, Any]
    sealed: bool
    missing: list[Literal["decision", "events", "checkpoint"]] | MISSING = MISSING
    processing: dict[str, Any] | MISSING = MISSING
    parties: list[dict[str, Any]] | MISSING = MISSING
    events: list[dict[str, Any]] | MISSING = MISSING
    decision: dict[str, Any] | MISSING = MISSING
    checkpoint: str | MISSING = MISSING
    checkpoint_key: Annotated[
        str | MISSING, Field(description="Who signed the checkpoint, where it is a key of before.")
    ] = MISSING
    signature: dict[str, Any] | MISSING = MISSING


class ReceiptToCheck(BaseModel):
    """A receipt, as it was given."""

    model_config = ConfigDict(extra="forbid")

    receipt: dict[str, Any]


class CheckedReceipt(BaseModel):
    """Whether a receipt holds, by the keys of this installation, also those of before; `flaw` and `why` say why not."""

    valid: bool
    flaw: Annotated[str | None, Field(examples=["edited"])]
    why: Annotated[str | None, Field(examples=["the decision is not in the tree that was sealed"])]
    message: Annotated[str | None, Field(description="`msg_…`")]
    decision: Annotated[str | None, Field(examples=["allowed"])]
    links: Annotated[int | None, Field(description="How long the chain was that proves it.")]
