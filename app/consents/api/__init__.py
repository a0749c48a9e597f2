"""The edge of this room: consents, bases, suppressions, and one person's ledger."""

from fastapi import APIRouter

from app.consents.api import bases, consents, evidence, imports, people, suppressions

router = APIRouter(prefix="/v1", tags=["consents"])
for part in (consents, bases, suppressions, people, evidence, imports):
    router.include_router(part.router)
