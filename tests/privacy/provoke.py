"""Errors that a caller can cause, each with the canary in it."""

import json
from typing import Any

from tests.house import House
from tests.privacy.canary import CANARY, NAME, ROW, TOKEN


def attempts(house: House) -> list[tuple[str, str, Any]]:
    """Method, path and body of requests that are wrong in one place each."""
    consent = {"to": CANARY, "purpose": "campaign_information", "act": "given", "channel": "web_form"}
    batch = house.batch_of(recipients=[ROW])
    nowhere = "bat_00000000000000000000000000"
    return [
        ("POST", "/v1/batches", batch | {"recipients": [{"to": CANARY, "phone": CANARY}]}),
        ("POST", "/v1/batches", batch | {"recipients": [{"to": CANARY + "x" * 300}]}),
        ("POST", "/v1/batches", batch | {"recipients": [{"to": CANARY, "variables": {CANARY: CANARY}}]}),
        ("POST", "/v1/batches", batch | {"recipients": [{"to": [CANARY]}]}),
        ("POST", "/v1/batches", batch | {"recipients": CANARY}),
        ("POST", "/v1/batches", batch | {"sender": CANARY}),
        ("POST", "/v1/batches", batch | {"send_at": CANARY}),
        ("POST", "/v1/batches", batch | {"purpose": CANARY}),
        ("POST", "/v1/batches", batch | {CANARY: CANARY}),
        ("POST", "/v1/batches", batch | {"template": {"name": CANARY, "language": CANARY}}),
        ("POST", "/v1/consents", {"consents": [consent | {"occurred_at": CANARY}]}),
        ("POST", "/v1/consents", {"consents": [consent | {"evidence": {CANARY: 1}}]}),
        ("POST", "/v1/consents", {"consents": [consent | {"kind": CANARY}]}),
        ("POST", "/v1/consents/check", {"purpose": CANARY, "recipients": [{"to": CANARY}]}),
        ("POST", "/v1/consents/withdraw", {"people": [{"to": CANARY, "x": CANARY}], "channel": "api"}),
        ("POST", "/v1/suppressions", {"people": [{"to": CANARY}], "scope": CANARY, "channel": "api", "by": "person"}),
        ("POST", "/v1/bases", {"bases": [{"to": CANARY, "purpose": "campaign_information", "reference": CANARY}]}),
        ("POST", "/v1/senders", {"name": CANARY, "access_token": TOKEN, "phone_number_id": CANARY}),
        ("POST", "/v1/templates", {"name": CANARY, "body": CANARY}),
        ("POST", "/v1/registers/transfers", {"importer": NAME, "country": CANARY, "purposes": [NAME], CANARY: NAME}),
        ("POST", "/v1/registers/disclosures", {"category": NAME, "recipient": NAME, "law": CANARY, "people": [CANARY]}),
        ("POST", "/v1/registers/incidents", {"title": CANARY, "description": NAME, "detected_at": CANARY}),
        ("GET", f"/v1/registers/transfers/{CANARY}", None),
        ("GET", f"/v1/duties?state={CANARY[1:]}&cursor={TOKEN}", None),
        ("GET", f"/v1/batches/{nowhere}", None),
        ("GET", f"/v1/batches/{CANARY}", None),
        ("GET", f"/v1/batches?state={CANARY[1:]}&cursor={TOKEN}", None),
        ("POST", f"/v1/batches/{nowhere}/recipients", None),
        ("GET", f"/v1/{TOKEN}/{CANARY}", None),
        ("DELETE", f"/v1/batches/{CANARY}", None),
    ]


async def provoke(house: House) -> list[str]:
    """Every kind of error in one JSON body, with the canary in it. The answers' bodies and headers."""
    client = house.client
    said = []
    for method, path, body in attempts(house):
        answer = await client.request(method, path, json=body)
        assert answer.status_code >= 400, (method, path)
        said.append(answer.text + str(answer.headers))
    for headers in ({"authorization": f"Bearer {TOKEN}"}, {"authorization": f"Bearer tpl_live_{TOKEN}"}):
        answer = await client.get("/v1/batches", headers=headers)
        said.append(answer.text + str(answer.headers))
    for content in (f'{{"to": "{CANARY}"', f"[{CANARY}]"):
        answer = await client.post("/v1/batches", content=content, headers={"content-type": "application/json"})
        said.append(answer.text)
    answer = await client.post("/providers/whatsapp/webhook", content=CANARY, headers={"x-hub-signature-256": TOKEN})
    said.append(answer.text)
    return said


LINES = [
    {"to": CANARY + "x"},
    {"to": [CANARY]},
    {"to": CANARY, CANARY: NAME},
    {"to": CANARY, "variables": {CANARY: NAME}},
    {"to": CANARY, "variables": {"first_name": [NAME]}},
    {"to": CANARY, "variables": {"first_name": f"{NAME}\n{CANARY}"}},
    {"to": CANARY, "variables": {"first_name": NAME}, "basis_ref": CANARY},
    {"user_id": f"{CANARY}\0", "variables": {"first_name": NAME}},
    {"to": CANARY * 30, "variables": {"first_name": NAME}},
]
NDJSON = "\n".join([*(json.dumps(line) for line in LINES), f'{{"to": "{CANARY}', f"[{CANARY}]", CANARY])
TABLES = [
    f'to,first_name,{CANARY}\n{CANARY},{NAME},x,{CANARY}\n{CANARY}x,{NAME}\n{CANARY}\n{CANARY},"{NAME}\n',
    f"{CANARY},{NAME}\n{CANARY},{NAME}\n",
    f"to,first_name,{CANARY},{CANARY}\n{CANARY},{NAME}\n",
    f'to,"{NAME}\n{CANARY}',
]


async def provoke_streams(house: House) -> list[str]:
    """Rows of streams that are no recipients, with both ways to take them."""
    said = []
    for on_invalid in ("skip", "reject"):
        draft = (await house.send(start=False, recipients=[], on_invalid=on_invalid))["id"]
        for media_type, body in [("application/x-ndjson", NDJSON), *(("text/csv", table) for table in TABLES)]:
            answer = await house.client.post(
                f"/v1/batches/{draft}/recipients", content=body, headers={"content-type": media_type}
            )
            assert "first_refusals" in answer.text or answer.status_code == 422, answer.text
            said.append(answer.text + str(answer.headers))
        said.append((await house.client.get(f"/v1/batches/{draft}/results")).text)
    return said


async def provoke_imports(house: House) -> list[str]:
    """Rows of an import that are no consents."""
    row = {"to": CANARY, "purpose": "campaign_information", "act": "given", "channel": "web_form"}
    rows = [
        row | {"to": CANARY + "x"},
        row | {"occurred_at": CANARY},
        row | {"purpose": CANARY},
        row | {"method": CANARY, "evidence": {CANARY: CANARY}},
        row | {CANARY: CANARY},
        CANARY,
        [CANARY],
    ]
    said = []
    for on_invalid, status in (("skip", 200), ("reject", 422)):
        answer = await house.client.post("/v1/consents", json={"consents": rows, "on_invalid": on_invalid})
        assert status == answer.status_code, answer.text
        said.append(answer.text + str(answer.headers))
    return said
