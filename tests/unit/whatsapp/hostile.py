"""Small servers on loopback that behave badly in one exact way each."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ACCEPTED = b'{"messaging_product":"whatsapp","contacts":[{"wa_id":"905321234567"}],"messages":[{"id":"wamid.A"}]}'


@dataclass
class Seen:
    """What reached the server: connections opened, whole requests read, the last close."""

    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


def http(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """An HTTP/1.1 answer; `length` may lie about the body."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def read_request(reader: asyncio.StreamReader, seen: Seen) -> bytes:
    """Read one whole request and remember it; IncompleteReadError when the client hangs up."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    length = int(next(lengths).split(b":")[1])
    request = head + await reader.readexactly(length)
    seen.requests.append(request)
    seen.arrived.set()
    return request


def answering(answer: bytes, seen: Seen) -> Behaviour:
    """Answer every request with the same bytes, keep the connection while the client does."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, seen)
            writer.write(answer)
            await writer.drain()

    return behave


def answering_once_then_closing(answer: bytes, seen: Seen) -> Behaviour:
    """Answer the first request of a connection, then close it."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, seen)
        writer.write(answer)
        await writer.drain()

    return behave


def resetting(answer: bytes, seen: Seen) -> Behaviour:
    """Read the request, write `answer`, then reset the connection instead of closing it."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, seen)
        writer.write(answer)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return behave


def trickling(answer: bytes, seen: Seen, every_s: float) -> Behaviour:
    """Answer one byte at a time, never silent for long and never done."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, seen)
        for byte in answer:
            if writer.is_closing():  # uvloop's refuses what is written to it then
                return
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every_s)

    return behave


def silent(seen: Seen) -> Behaviour:
    """Read the request and never answer."""

    async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader, seen)
        await reader.read()

    return behave


@contextlib.asynccontextmanager
async def serving(behave: Behaviour, seen: Seen, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Run a behaviour on an ephemeral loopback port; on exit every connection is closed."""
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await behave(reader, writer)
        writer.close()
        seen.closed.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server context with a certificate for 127.0.0.1 that no authority vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
