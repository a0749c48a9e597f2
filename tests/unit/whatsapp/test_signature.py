"""Only the holder of the app secret can make us listen."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.whatsapp.signature import verify, verify_token
from tests.unit.whatsapp.generated import patiently

BODY = '{"text":"\\u015eule \\ud83d\\ude00 a\\/b"}'.encode("ascii")
SECRET = b"app-secret"


def signed(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_metas_signature_over_the_exact_bytes_fits() -> None:
    assert verify(BODY, signed(BODY), [SECRET])


def test_the_known_vector_of_rfc_4231_fits() -> None:
    known = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert verify(b"what do ya want for nothing?", known, [b"Jefe"])


def test_either_secret_fits_during_a_rotation() -> None:
    assert verify(BODY, signed(BODY, b"old"), [b"new", b"old"])
    assert verify(BODY, signed(BODY, b"new"), [b"new", b"old"])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        signed(BODY).upper(),
        signed(BODY).removeprefix("sha256="),
        signed(BODY).replace("sha256=", "SHA256="),
        "sha1=" + hmac.new(SECRET, BODY, hashlib.sha1).hexdigest(),
        "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest().upper(),
        signed(BODY)[:-1],
        signed(BODY) + "0",
        " " + signed(BODY),
        signed(BODY) + "\n",
        signed(BODY) + ", " + signed(BODY),
        signed(BODY, b"other"),
        signed(BODY + b" "),
        "sha256=" + "\u0661" * 64,
        "sha256=" + "\udce9" * 64,
    ],
)
def test_anything_else_does_not_fit(header: str | None) -> None:
    assert not verify(BODY, header, [SECRET])


def test_no_secret_and_an_empty_secret_fit_nothing() -> None:
    assert not verify(BODY, signed(BODY), [])
    assert not verify(BODY, signed(BODY, b""), [b""])


@patiently
@given(body=st.binary(min_size=1, max_size=64), place=st.integers(0), flip=st.integers(1, 255))
def test_one_changed_byte_breaks_it(body: bytes, place: int, flip: int) -> None:
    changed = bytearray(body)
    changed[place % len(body)] ^= flip

    assert not verify(bytes(changed), signed(body), [SECRET])


@pytest.mark.parametrize(
    ("given_token", "expected", "fits"),
    [
        ("a", "a", True),
        ("şifre", "şifre", True),
        ("a", "b", False),
        ("a", "ab", False),
        (None, "a", False),
        ("", "", False),
        (None, "", False),
        ("\udce9", "é", False),
    ],
)
def test_the_handshakes_token_must_be_ours(given_token: str | None, expected: str, fits: bool) -> None:
    assert fits == verify_token(given_token, expected)
