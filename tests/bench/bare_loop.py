"""The product's own transport in a loop that does nothing else: the limit of what a worker can send.

`python -m tests.bench.bare_loop URL MESSAGES IN_FLIGHT`. Prints messages per second. Bodies are built beforehand.
"""

import asyncio
import sys
import time
from uuid import uuid4

import uvloop

from app.whatsapp.client import CloudApi
from app.whatsapp.outcomes import Accepted
from app.whatsapp.payloads import TemplateForm, template_message
from app.whatsapp.transport import open_transport

FORM = TemplateForm("autumn_offer", "tr", ("first_name",), named=True)


async def main(url: str, messages: int, in_flight: int) -> None:
    bodies = iter(
        [
            template_message(FORM, {"first_name": "Ayşe"}, opaque=str(uuid4()), to=f"+905{at:09d}", user_id=None)
            for at in range(messages)
        ]
    )
    transport = open_transport(max_connections=in_flight)
    api = CloudApi(url, "v25.0", transport)

    async def speak() -> None:
        for body in bodies:
            assert isinstance(await api.post("100000000000001", "a-token", body), Accepted)

    began = time.perf_counter()
    await asyncio.gather(*(speak() for _ in range(in_flight)))
    print(messages / (time.perf_counter() - began))
    await transport.aclose()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
