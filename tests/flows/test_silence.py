"""A message that WhatsApp accepted and never says a word about."""

import pytest

from tests.house import House, phone

pytestmark = pytest.mark.anyio

SILENT = "+447700900131"


async def test_a_message_without_any_status_stays_sent_and_can_be_listed(house: House) -> None:
    await house.consent(SILENT, phone(1))

    batch = (await house.send(SILENT, phone(1)))["id"]
    body = await house.until(
        batch, lambda body: body["state"] == "completed" and {"delivered", "read"} & body["counts"].keys()
    )
    unheard = (await house.get(f"/v1/batches/{batch}/messages", state="sent"))["data"]
    events = (await house.get(f"/v1/messages/{unheard[0]['id']}/events"))["data"]
    reconciliation = await house.get(f"/v1/batches/{batch}/reconciliation")

    assert 1 == body["counts"]["sent"] == len(unheard)
    assert unheard[0]["id"] == (await house.messages(batch))[0]["id"]
    assert ("sent", None, None) == tuple(unheard[0][name] for name in ("state", "reason", "delivered_at"))
    assert ["queued", "sending", "sent"] == [event["kind"] for event in events]
    assert [None] * 3 == [event["provider_at"] for event in events]
    assert reconciliation["balanced"] and 1 == reconciliation["by_state"]["sent"]
