"""Signed notes and checkpoints, as C2SP defines them (c2sp.org/signed-note and c2sp.org/tlog-checkpoint, 2026-01).

A note is text, an empty line, and signature lines: `— <key name> <base64 of key id and signature>`. A checkpoint is a
note whose text says what it is about (origin), how many leaves a Merkle tree has, and its root; further lines are
extensions. The signature is Ed25519 over the text; the key id keeps keys of the same name apart.
"""

import base64
import hashlib
from binascii import Error as Base64Error
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
ID_BYTES = 4
KEY_BYTES = 32
MARK = "\u2014 "  # an em dash and a space begin a signature line


class NoteBroken(ValueError):
    """This is no note, no checkpoint or no key, or none that this key signed."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: what anybody needs to check a note."""

    name: str
    public_key: bytes

    @classmethod
    def read(cls, text: str) -> "Verifier":
        """From `<name>+<key id>+<base64 of 0x01 and the key>`. Raises NoteBroken."""
        name, _, rest = text.strip().partition("+")
        told, _, encoded = rest.partition("+")
        key = _decode(encoded)
        if len(key) != 1 + KEY_BYTES or key[:1] != ED25519 or not _is_name(name):
            raise NoteBroken("This is no Ed25519 key in the form name+id+key.")
        found = cls(name, key[1:])
        if found.key_id.hex() != told:
            raise NoteBroken("The key's id does not belong to it.")
        return found

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:ID_BYTES]

    @property
    def text(self) -> str:
        """The key as it is handed out."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public_key).decode()}"

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether the holder of the key signed these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def open_note(self, note: str) -> str:
        """The text of a note that this key signed; other signatures are passed over. Raises NoteBroken."""
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise NoteBroken("This is no signed note.")
        text += "\n"
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix(MARK).partition(" ")
            signature = _decode(encoded)
            if not line.startswith(MARK) or len(signature) <= ID_BYTES:
                raise NoteBroken("A signature line cannot be read.")
            mine = name == self.name and signature[:ID_BYTES] == self.key_id
            if mine and self.holds(signature[ID_BYTES:], text.encode()):
                return text
            if mine:
                raise NoteBroken("The signature does not fit the text.")
        raise NoteBroken("No signature of this key is on it.")


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and the 32 secret bytes of an Ed25519 key."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise ValueError("The name of a key has no spaces and no plus.")

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key().public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The bare signature, 64 bytes."""
        return self._key().sign(message)

    def sign_note(self, text: str) -> str:
        """The text as a signed note. The text ends in a line feed."""
        if not text.endswith("\n"):
            raise ValueError("The text of a note ends in a line feed.")
        signature = base64.b64encode(self.verifier.key_id + self.sign(text.encode())).decode()
        return f"{text}\n{MARK}{self.name} {signature}\n"

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: whose tree, how many leaves, which root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "\n".join(lines) + "\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """From the text of a note. Raises NoteBroken."""
        origin, size, root, *extensions = [*text.splitlines(), "", "", ""]
        if not origin or not size.isascii() or not size.isdigit() or (size[0] == "0" and size != "0"):
            raise NoteBroken("This is no checkpoint.")
        if len(size) > 19 or len(_decode(root)) != 32:
            raise NoteBroken("This is no checkpoint.")
        return cls(origin, int(size), _decode(root), tuple(line for line in extensions if line))


def _is_name(name: str) -> bool:
    return bool(name) and not any(character.isspace() or character == "+" for character in name)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise NoteBroken("There is base64 that cannot be read.") from None
