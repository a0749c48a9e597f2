"""`/v1/api-keys`."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Response

from app.kit.clock import utc_now
from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.tenants import queries, schemas
from app.tenants.door import Transaction, reads, writes
from app.tenants.errors import ScopeNotHeld
from app.tenants.issue_key import IssuedKey, issue_key
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once
from app.tenants.revoke_key import revoke_key

router = APIRouter(prefix="/v1/api-keys", tags=["api-keys"])

Reading = Annotated[Transaction, reads("keys:read")]
Writing = Annotated[Transaction, writes("keys:write")]


@router.post("", status_code=201, response_model=schemas.IssuedApiKey, responses=declares(ScopeNotHeld))
async def create_api_key(request: Repeatable, tx: Writing, body: schemas.NewApiKey) -> Response:
    """Issue an API key.

    Its text is in this answer and nowhere else. Under an Idempotency-Key the answer is kept, sealed, for 72
    hours and given again.
    """

    async def work() -> Answer:
        if not tx.caller.scopes.issuperset(body.scopes):
            raise ScopeNotHeld
        issued = await issue_key(
            tx.session,
            tx.tenant,
            name=body.name,
            scopes=body.scopes,
            expires_at=utc_now() + timedelta(days=body.expires_in_days),
            actor=name_actor(tx.caller),
        )
        return answer_with(201, _issued(issued), location=f"/v1/api-keys/{encode('key', issued.key.id)}")

    return await once(tx, request, work)


@router.get("", response_model=schemas.ApiKeyPage)
async def list_api_keys(tx: Reading, asked: AskedPage) -> schemas.ApiKeyPage:
    """List the API keys, revoked ones too, in the order they were issued."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_keys(tx.session, tx.tenant, after=after, limit=limit)
    )
    return schemas.ApiKeyPage(
        data=[_shown(key) for key in page.rows], next_cursor=page.next_cursor, has_more=page.has_more
    )


@router.get("/{api_key_id}", response_model=schemas.ApiKey, responses=declares(NotFound))
async def get_api_key(tx: Reading, api_key_id: schemas.KeyId) -> schemas.ApiKey:
    """See one API key."""
    return _shown(await queries.get_key(tx.session, tx.tenant, api_key_id))


@router.delete("/{api_key_id}", status_code=204, responses=declares(NotFound))
async def revoke_api_key(tx: Writing, api_key_id: schemas.KeyId) -> None:
    """Revoke an API key.

    Revoking it again changes nothing. Processes that have just seen the key accept it for five seconds more.
    """
    await revoke_key(tx.session, tx.tenant, api_key_id, actor=name_actor(tx.caller))


def _shown(key: queries.ApiKey) -> schemas.ApiKey:
    return schemas.ApiKey(**asdict(key) | {"scopes": list(key.scopes)})


def _issued(issued: IssuedKey) -> schemas.IssuedApiKey:
    return schemas.IssuedApiKey(**asdict(issued.key) | {"scopes": list(issued.key.scopes), "key": issued.text})
