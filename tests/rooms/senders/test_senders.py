import pytest

from app.kit.crypto import Unsealable
from app.kit.ids import decode
from app.senders.queries import find_sender, get_sender
from app.senders.token import open_token
from tests.rooms.desk import Desk, key_name

pytestmark = pytest.mark.anyio

TOKEN = "EAAGcanary000000000000000000TOKEN9f3k"
numbers = iter(range(100000000000001, 200000000000000))


def new_sender(**more: object) -> dict[str, object]:
    return {
        "name": "Dükkân",
        "phone_number_id": str(next(numbers)),
        "waba_id": "200000000000001",
        "display_phone_number": "+90 850 000 00 00",
        "access_token": TOKEN,
    } | more


async def test_a_sender_is_registered_with_a_line_of_its_own(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/senders", json=new_sender(messages_per_second=20))

    body = made.json()
    assert (201, f"/v1/senders/{body['id']}") == (made.status_code, made.headers["location"])
    assert ("Dükkân", "9f3k", 20, "active", 1) == tuple(
        body[name] for name in ("name", "access_token_last4", "messages_per_second", "state", "version")
    )
    assert body == (await tenant.http.get(made.headers["location"])).json()
    lines = await desk.rows(tenant.id, "SELECT sender_id, fence, owner FROM sender_lines")
    assert [{"sender_id": decode("snd", body["id"]), "fence": 0, "owner": None}] == lines
    assert ("sender.registered", key_name(tenant), body["id"]) == (await desk.audit(tenant.id))[-1]


async def test_the_token_comes_in_once_and_never_goes_out(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/senders", json=new_sender())
    listed = await tenant.http.get("/v1/senders")

    assert TOKEN not in made.text + listed.text
    everything = await desk.rows(tenant.id, "SELECT s::text AS row FROM senders AS s")
    assert TOKEN not in repr(everything)
    assert TOKEN.encode().hex() not in repr(everything)
    assert TOKEN not in repr(await desk.rows(tenant.id, "SELECT detail FROM audit_events"))


async def test_the_token_opens_for_its_own_sender_only(desk: Desk) -> None:
    tenant = await desk.tenant()
    ids = [decode("snd", (await tenant.http.post("/v1/senders", json=new_sender())).json()["id"]) for _ in range(2)]

    async with desk.run.db.begin(tenant.id) as session:
        sender = await get_sender(session, tenant.id, ids[0])

    assert TOKEN == open_token(desk.run, sender.token_ct, sender.id)
    assert TOKEN not in repr(sender)
    with pytest.raises(Unsealable):
        open_token(desk.run, sender.token_ct, ids[1])


async def test_a_number_is_registered_once_whoever_registered_it(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    body = new_sender()
    await other.http.post("/v1/senders", json=body)

    for someone in (tenant, other):
        answer = await someone.http.post("/v1/senders", json=body)

        assert (409, "sender_taken") == (answer.status_code, answer.json()["code"])
    assert [] == (await tenant.http.get("/v1/senders")).json()["data"]


async def test_a_sender_is_changed_field_by_field(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/senders", json=new_sender())).json()
    path = f"/v1/senders/{made['id']}"

    await tenant.http.patch(path, json={"state": "paused"})
    changed = await tenant.http.patch(path, json={"access_token": "EAAGother-token", "name": "Şube"})

    assert 200 == changed.status_code
    assert (
        made
        | {
            "state": "paused",
            "access_token_last4": "oken",
            "name": "Şube",
            "version": 3,
        }
        == changed.json()
    )
    async with desk.run.db.begin(tenant.id) as session:
        sender = await get_sender(session, tenant.id, decode("snd", made["id"]))
    assert "EAAGother-token" == open_token(desk.run, sender.token_ct, sender.id)
    details = await desk.rows(tenant.id, "SELECT detail FROM audit_events WHERE action = 'sender.changed' ORDER BY id")
    assert [["state"], ["name", "token_ct"]] == [row["detail"]["fields"] for row in details]


async def test_a_change_of_nothing_changes_nothing(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/senders", json=new_sender())).json()

    answer = await tenant.http.patch(f"/v1/senders/{made['id']}", json={})

    assert made == answer.json()
    assert "sender.registered" == (await desk.audit(tenant.id))[-1][0]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"state": None}, "/state"),
        ({"state": "stopped"}, "/state"),
        ({"messages_per_second": 1001}, "/messages_per_second"),
        ({"messages_per_second": True}, "/messages_per_second"),
        ({"access_token": "geheim\nx-header: 1"}, "/access_token"),
        ({"phone_number_id": "1"}, "/phone_number_id"),
    ],
)
async def test_a_wrong_change_is_pointed_at_without_its_value(
    desk: Desk, change: dict[str, object], pointer: str
) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/senders", json=new_sender())).json()

    answer = await tenant.http.patch(f"/v1/senders/{made['id']}", json=change)

    assert (422, "validation_failed") == (answer.status_code, answer.json()["code"])
    assert {pointer} == {error["pointer"] for error in answer.json()["errors"]}
    assert "geheim" not in answer.text


async def test_another_tenants_sender_is_not_there(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    theirs = (await other.http.post("/v1/senders", json=new_sender())).json()
    path = f"/v1/senders/{theirs['id']}"

    assert 404 == (await tenant.http.get(path)).status_code
    assert 404 == (await tenant.http.patch(path, json={"state": "paused"})).status_code
    assert 404 == (await tenant.http.get("/v1/senders/snd_nonsense")).status_code
    async with desk.run.db.begin(tenant.id) as session:
        assert await find_sender(session, other.id, decode("snd", theirs["id"])) is None
    assert theirs == (await other.http.get(path)).json()


async def test_senders_are_paged_in_the_order_they_were_registered(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = [(await tenant.http.post("/v1/senders", json=new_sender())).json() for _ in range(3)]

    first = (await tenant.http.get("/v1/senders", params={"limit": 2})).json()
    second = (await tenant.http.get("/v1/senders", params={"cursor": first["next_cursor"]})).json()

    assert made == first["data"] + second["data"]
