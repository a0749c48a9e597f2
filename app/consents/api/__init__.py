"""The edge of this room: consents, bases, suppressions, acknowledgements, people."""

from fastapi import APIRouter

from app.consents.api import acknowledgements, aliases, bases, consents, evidence, imports, people, suppressions

router = APIRouter(prefix="/v1")
for part in (consents, bases, suppressions, acknowledgements, evidence, imports):
    router.include_router(part.router, tags=["consents"])
for part in (people, aliases):
    router.include_router(part.router, tags=["people"])
