"""A WhatsApp that costs next to nothing: answers each POST with a new id after a given time. Its own process.

`python -m tests.bench.free_server PORT DELAY_MS [CERT KEY]`. Reads Content-Length bodies on kept-alive connections,
which is what the product's client sends; it checks nothing.
"""

import asyncio
import ssl
import sys
from typing import cast

import uvloop

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
BODY = (
    b'{"messaging_product":"whatsapp","contacts":[{"input":"+905320000000","wa_id":"905320000000"}],'
    b'"messages":[{"id":"wamid.%026d","message_status":"accepted"}]}'
)


class Free(asyncio.Protocol):
    """One connection."""

    served = 0
    delay_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.waiting) < end + 4 + length:
                return
            self.waiting = self.waiting[end + 4 + length :]
            Free.served += 1
            body = BODY % Free.served
            answer = HEAD % len(body) + body
            if self.delay_s:
                asyncio.get_running_loop().call_later(self.delay_s, self._answer, answer)
            else:
                self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)


async def main(port: int, delay_ms: float, certificate: list[str]) -> None:
    Free.delay_s = delay_ms / 1000
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    server = await asyncio.get_running_loop().create_server(Free, "127.0.0.1", port, ssl=context, backlog=2048)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
