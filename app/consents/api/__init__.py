"""The edge of this room: consents, bases, suppressions, acknowledgements, and one person's ledger."""

from fastapi import APIRouter

from app.consents.api import acknowledgements, bases, consents, evidence, imports, people, suppressions

router = APIRouter(prefix="/v1", tags=["consents"])
for part in (consents, bases, suppressions, acknowledgements, people, evidence, imports):
    router.include_router(part.router)
