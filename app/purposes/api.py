"""`/v1/purposes`: the registry, to read."""

from typing import Annotated

from fastapi import APIRouter

from app.kit.errors import NotFound
from app.kit.http.openapi import declares
from app.purposes import queries, schemas
from app.tenants.door import Transaction, reads

router = APIRouter(prefix="/v1/purposes", tags=["purposes"])

Reading = Annotated[Transaction, reads("consents:read")]


@router.get("", response_model=schemas.PurposePage)
async def list_purposes(tx: Reading) -> schemas.PurposePage:
    """List the purposes: a closed registry, the same for everybody, in one page."""
    found = await queries.list_purposes(tx.session)
    return schemas.PurposePage(data=[_shown(purpose) for purpose in found], next_cursor=None, has_more=False)


@router.get("/{purpose_key}", response_model=schemas.Purpose, responses=declares(NotFound))
async def get_purpose(tx: Reading, purpose_key: str) -> schemas.Purpose:
    """See one purpose."""
    found = await queries.find_purpose(tx.session, purpose_key)
    if found is None:
        raise NotFound
    return _shown(found)


def _shown(purpose: queries.Purpose) -> schemas.Purpose:
    return schemas.Purpose.model_validate(
        {
            **{name: getattr(purpose, name) for name in queries.Purpose.__slots__ if name != "class_"},
            "class": purpose.class_,
            "needs_consent": purpose.needs_consent,
        }
    )
