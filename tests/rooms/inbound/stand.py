"""A stand for the tests of this room: the webhook over HTTP, and the worker's side of it, on a real database."""

import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.consents.acts import Entry
from app.consents.append import append
from app.inbound.api import PATH, router
from app.inbound.receive import Receiver
from app.inbound.settle import settle_pending
from app.kit.clock import utc_now
from app.kit.http import problems
from app.kit.http.middleware import Edge
from app.kit.ids import new_id
from app.people.find import find_people
from app.people.recognise import recognise
from app.people.seal import alias_hash
from app.runtime import Runtime, open_runtime
from app.senders.register import register_sender
from app.settings import Settings
from app.tenants.create_tenant import create_tenant
from app.tenants.keys import get_tenant_keys
from tests.unit.whatsapp.hostile import ACCEPTED, Seen, answering, serving
from tests.unit.whatsapp.hostile import http as answer

SECRET = b"the app's secret"
NEXT_SECRET = b"the app's next secret"
VERIFY_TOKEN = "the-verify-token"
TOKEN = "a-sender-token"
MASTER_KEY = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
NOBODY_LISTENS = "redis://127.0.0.1:1"
CAMPAIGN = 7  # campaign_information: marketing, commercial, needs both records
UPDATES = 1  # any purpose that is not marketing


def sign(body: bytes, secret: bytes = SECRET) -> str:
    """The header Meta sends with these bytes."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with one number."""

    id: UUID
    sender: UUID
    number: str

    def value(self, **items: Any) -> dict[str, Any]:
        """The value of a change about the number."""
        metadata = {"display_phone_number": "15550100000", "phone_number_id": self.number}
        return {"messaging_product": "whatsapp", "metadata": metadata, **items}


def body_of(*values: dict[str, Any], field: str = "messages") -> bytes:
    """A webhook body as Meta writes it."""
    changes = [{"field": field, "value": value} for value in values]
    told = {"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": changes}]}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()


def status(message: UUID | str | None, kind: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """One status of one message."""
    told = {"id": f"wamid.{message}", "status": kind, "timestamp": str(int((at or utc_now()).timestamp())), **more}
    return told if message is None else told | {"biz_opaque_callback_data": str(message)}


def said(who: str | None, words: str, at: datetime | None = None, **changed: Any) -> dict[str, Any]:
    """A text message from a number (None: only a user id, to be given in `changed`)."""
    told = {"id": f"wamid.{secrets.token_hex(8)}", "timestamp": str(int((at or utc_now()).timestamp()))}
    told |= {} if who is None else {"from": who.removeprefix("+")}
    return {**told, "type": "text", "text": {"body": words}, **changed}


def preference(who: str, value: str, at: datetime | None = None) -> dict[str, Any]:
    """WhatsApp's own switch."""
    return {
        "wa_id": who.removeprefix("+"),
        "category": "marketing_messages",
        "value": value,
        "timestamp": int((at or utc_now()).timestamp()),
    }


def a_phone() -> str:
    """An invented Turkish mobile number that no other test uses."""
    return f"+90532{secrets.randbelow(10_000_000):07d}"


@dataclass(slots=True)
class Stand:
    """Two doors of one installation: `api` receives, `worker` reads. `posted` is what reached WhatsApp."""

    api: Runtime
    worker: Runtime
    http: httpx.AsyncClient
    admin: "asyncpg.Connection[Any]"
    posted: Seen

    async def tenant(self) -> Tenant:
        """One more tenant with a number."""
        tenant, number = new_id(), str(secrets.randbelow(10**15) + 10**15)
        async with self.api.db.begin(tenant) as session:
            await create_tenant(self.api, session, tenant, name="Deneme", actor="test")
            sender = await register_sender(
                self.api,
                session,
                tenant,
                name="Dükkân",
                phone_number_id=number,
                waba_id="200000000000001",
                display_phone_number="+90 850 000 00 00",
                access_token=TOKEN,
                actor="test",
            )
        return Tenant(tenant, sender.id, number)

    async def post(self, body: bytes, signature: str | None = "right", **headers: str) -> httpx.Response:
        """Post a webhook, well signed unless said otherwise."""
        given = sign(body) if signature == "right" else signature
        named = {} if given is None else {"x-hub-signature-256": given}
        return await self.http.post(PATH, content=body, headers=named | headers)

    async def tell(self, *bodies: bytes) -> None:
        """Post webhooks that must be taken, and read everything that is in line."""
        for body in bodies:
            answered = await self.post(body)
            assert 200 == answered.status_code, answered.text
        await self.settle()

    async def settle(self) -> int:
        """The worker's look at the queue."""
        return await settle_pending(self.worker, 200)

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What is there, seen by the superuser."""
        return [tuple(row) for row in await self.admin.fetch(statement, *values)]

    async def queued(self) -> int:
        """How many webhooks are still in line, due or not."""
        count: int = await self.admin.fetchval("SELECT count(*) FROM webhook_queue")
        return count

    async def due_again(self) -> None:
        """As if the time until the next turn had passed."""
        await self.admin.execute("UPDATE webhook_queue SET due_at = clock_timestamp()")

    async def put(self, tenant: Tenant, *states: str) -> list[UUID]:
        """Messages of one batch that were posted already, each in one state. Only what settling looks at is true."""
        batch, ids = new_id(), [new_id() for _ in states]
        async with self.admin.transaction():
            await self.admin.execute("SET LOCAL session_replication_role = replica")  # without what they refer to
            await self.admin.execute(
                "INSERT INTO batches (id, tenant_id, sender_id, template_id, template_version, template_name,"
                " template_language, parameter_format, variables, purpose_id, purpose_version, delivery_policy,"
                " on_invalid, state) VALUES ($1, $2, $3, $1, 1, 't', 'tr', 'named', '{}', $4, 1, 'at_most_once',"
                " 'skip', 'running')",
                batch,
                tenant.id,
                tenant.sender,
                CAMPAIGN,
            )
            await self.admin.executemany(
                "INSERT INTO outcomes (id, tenant_id, batch_id, state, consent_event_id) VALUES ($1, $2, $3, $4, $1)",
                [(id_, tenant.id, batch, state) for id_, state in zip(ids, states, strict=True)],
            )
        return ids

    async def states(self, ids: Iterable[UUID]) -> list[str]:
        """The state of each of these messages, in their order."""
        found = dict(await self.rows("SELECT id, state FROM outcomes WHERE id = ANY ($1)", list(ids)))
        return [found[id_] for id_ in ids]

    async def person(self, tenant: Tenant, alias: str) -> UUID | None:
        """The person behind a number or a user id, or None."""
        async with self.api.db.begin(tenant.id) as session:
            keys = await get_tenant_keys(self.api, session, tenant.id)
            hash_ = alias_hash(keys, "phone" if alias.startswith("+") else "bsuid", alias)
            known = await find_people(session, tenant.id, [hash_])
        return known[hash_].person_id if known else None

    async def consent(self, tenant: Tenant, phone: str, at: datetime | None = None) -> UUID:
        """A person who gave both records for a campaign, an hour ago unless said otherwise."""
        async with self.api.db.begin(tenant.id) as session:
            keys = await get_tenant_keys(self.api, session, tenant.id)
            hash_ = alias_hash(keys, "phone", phone)
            known = await recognise(session, tenant.id, keys, {hash_: ("phone", phone)})
            person, given_at = known[hash_].person_id, at or utc_now() - timedelta(hours=1)
            lines = [
                Entry(person, "explicit_consent", "given", CAMPAIGN, given_at, "web_form"),
                Entry(person, "commercial_approval", "given", CAMPAIGN, given_at, "web_form"),
            ]
            await append(session, tenant.id, lines, entity="person", api_key_id=None)
        return person

    async def verdict(self, tenant: Tenant, person: UUID, purpose: int = CAMPAIGN) -> str | None:
        """The gate's refusal, None when a message may go."""
        refused: str | None = await self.admin.fetchval(
            "SELECT refusal FROM consent_verdicts_v1 WHERE tenant_id = $1 AND person_id = $2 AND purpose_id = $3",
            tenant.id,
            person,
            purpose,
        )
        return refused

    async def ledger(self, person: UUID) -> list[tuple[Any, ...]]:
        """What stands in the ledger about a person: (kind, act, entity, scope), in order."""
        return await self.rows(
            "SELECT record_kind, act, entity, scope FROM consent_events WHERE person_id = $1"
            " AND act NOT IN ('given') ORDER BY id",
            person,
        )

    def confirmations(self) -> list[dict[str, Any]]:
        """The bodies that reached WhatsApp."""
        return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in self.posted.requests]


def settings_for(database_url: str, whatsapp_url: str, **more: Any) -> Settings:
    """Settings with both app secrets."""
    given: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": NOBODY_LISTENS,
        "master_key": MASTER_KEY,
        "whatsapp_url": whatsapp_url,
        "whatsapp_app_secret": SECRET.decode(),
        "whatsapp_app_secret_next": NEXT_SECRET.decode(),
        "whatsapp_verify_token": VERIFY_TOKEN,
    }
    return Settings(**(given | more))


@asynccontextmanager
async def serving_webhooks(run: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """The webhook's routes with the edge around them."""
    app = FastAPI()
    app.include_router(router)
    problems.install(app)
    app.add_middleware(Edge)
    receiver = Receiver(run)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {}).update(run=run, receiver=receiver)
        await app(scope, receive, send)

    transport = httpx.ASGITransport(door, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://toplu") as client:
        yield client
    await receiver.close()


@asynccontextmanager
async def open_stand(database_url: str, admin_url: str, **more: Any) -> AsyncIterator[Stand]:
    """Open both doors, the routes, and a WhatsApp that takes everything. `more` are settings."""
    posted = Seen()
    async with contextlib.AsyncExitStack() as stack:
        taking = answering(answer("200 OK", ACCEPTED, "Content-Type: application/json"), posted)
        port = await stack.enter_async_context(serving(taking, posted))
        settings = settings_for(database_url, **({"whatsapp_url": f"http://127.0.0.1:{port}"} | more))
        api = await stack.enter_async_context(open_runtime(settings, "api"))
        worker = await stack.enter_async_context(open_runtime(settings, "worker"))
        http = await stack.enter_async_context(serving_webhooks(api))
        admin = await asyncpg.connect(admin_url, server_settings={"search_path": "toplu"})
        stack.push_async_callback(admin.close)
        await admin.execute("DELETE FROM webhook_queue")  # what other tests of the module left
        yield Stand(api, worker, http, admin, posted)


def second(moment: datetime) -> datetime:
    """The moment as Meta can say it."""
    return datetime.fromtimestamp(int(moment.timestamp()), UTC)
