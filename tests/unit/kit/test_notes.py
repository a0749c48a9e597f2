"""Signed notes and checkpoints in the form that C2SP defines."""

import base64
import hashlib

import pytest

from app.kit.notes import Checkpoint, NoteBroken, Signer, Verifier

SIGNER = Signer("example.org/log", bytes(range(32)))
ROOT = "A" * 43 + "="
SAID = Checkpoint("example.org/log", 5, bytes(32), ("time 2026-11-22T10:00:00Z",))


def test_a_note_opens_to_its_text_with_the_key_that_signed_it() -> None:
    note = SIGNER.sign_note(SAID.text)

    text = Verifier.read(SIGNER.verifier.text).open_note(note)

    assert SAID == Checkpoint.read(text)
    assert ["example.org/log", "5", base64.b64encode(bytes(32)).decode(), "time 2026-11-22T10:00:00Z", ""] == (
        note.splitlines()[:5]
    )
    assert note.splitlines()[5].startswith("\u2014 example.org/log ")


def test_the_id_of_a_key_is_of_its_name_its_kind_and_itself() -> None:
    key = SIGNER.verifier

    expected = hashlib.sha256(b"example.org/log\n\x01" + key.public_key).digest()[:4]

    assert expected == key.key_id
    encoded = base64.b64encode(b"\x01" + key.public_key).decode()
    assert f"example.org/log+{expected.hex()}+{encoded}" == key.text


def test_another_signature_beside_ours_is_passed_over() -> None:
    other = Signer("witness.example", b"\x09" * 32)
    note = SIGNER.sign_note(SAID.text)
    theirs = other.sign_note(SAID.text).splitlines()[-1]

    both = note + theirs + "\n"

    assert SAID.text == SIGNER.verifier.open_note(both) == other.verifier.open_note(both)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no signature\n",
        SIGNER.sign_note(SAID.text).replace("\n5\n", "\n6\n"),
        SIGNER.sign_note(SAID.text).rstrip("\n"),
        Signer("example.org/log", b"\x09" * 32).sign_note(SAID.text),
        Signer("example.org/other", bytes(range(32))).sign_note(SAID.text),
        SIGNER.sign_note(SAID.text).replace("\u2014 ", "- "),
    ],
)
def test_a_note_that_this_key_did_not_sign_does_not_open(broken: str) -> None:
    with pytest.raises(NoteBroken):
        SIGNER.verifier.open_note(broken)


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n5\n", "a\n05\nAAAA\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n5\nAAAA\n", "\n5\n" + "A" * 43 + "=\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteBroken):
        Checkpoint.read(text)


@pytest.mark.parametrize("text", ["", "a", "a+b+c", "a+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode()])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteBroken):
        Verifier.read(text)
