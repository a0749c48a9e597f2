"""`/v1/purposes`, `/v1/legal-references`, `/v1/contact-rules`: the registry, to read; and what a tenant may tighten."""

from dataclasses import asdict
from datetime import time
from typing import Annotated

from fastapi import APIRouter
from pydantic import MISSING

from app.kit.errors import NotFound
from app.kit.http.openapi import declares
from app.purposes import queries, schemas
from app.purposes.allow_variables import allow_variables
from app.purposes.contact import Bounds, Rules, read_rules
from app.purposes.errors import RulesNeverOpen, RulesTooLoose, UnknownTimeZone
from app.purposes.tighten import tighten
from app.tenants.door import Transaction, reads, writes
from app.tenants.name_actor import name_actor

router = APIRouter(prefix="/v1", tags=["purposes"])

Reading = Annotated[Transaction, reads("consents:read")]
ReadingRules = Annotated[Transaction, reads("rules:read")]
WritingRules = Annotated[Transaction, writes("rules:write")]


@router.get("/purposes", response_model=schemas.PurposePage)
async def list_purposes(tx: Reading) -> schemas.PurposePage:
    """List the purposes: a closed registry, the same for everybody, in one page."""
    found = await queries.list_purposes(tx.session)
    return schemas.PurposePage(data=[_shown(purpose) for purpose in found], next_cursor=None, has_more=False)


@router.get("/purposes/{purpose_key}", response_model=schemas.Purpose, responses=declares(NotFound))
async def get_purpose(tx: Reading, purpose_key: str) -> schemas.Purpose:
    """See one purpose."""
    return _shown(await _existing(tx, purpose_key))


@router.get("/purposes/{purpose_key}/versions", response_model=schemas.PurposeVersionPage, responses=declares(NotFound))
async def list_purpose_versions(tx: Reading, purpose_key: str) -> schemas.PurposeVersionPage:
    """List every version of a purpose that was ever in force. A purpose changes only with a release of Toplu."""
    purpose = await _existing(tx, purpose_key)
    data = [
        schemas.PurposeVersion(in_force=one.version == purpose.version, **asdict(one))
        for one in await queries.list_versions(tx.session, purpose)
    ]
    return schemas.PurposeVersionPage(data=data, next_cursor=None, has_more=False)


@router.get("/purposes/{purpose_key}/variables", response_model=schemas.PurposeVariables, responses=declares(NotFound))
async def get_purpose_variables(tx: ReadingRules, purpose_key: str) -> schemas.PurposeVariables:
    """See which variables your messages for a purpose may carry."""
    return await _variables(tx, await _existing(tx, purpose_key))


@router.put("/purposes/{purpose_key}/variables", response_model=schemas.PurposeVariables, responses=declares(NotFound))
async def update_purpose_variables(
    tx: WritingRules, purpose_key: str, body: schemas.PurposeVariablesChange
) -> schemas.PurposeVariables:
    """Say which variables your messages for a purpose may carry: no more data than the purpose needs.

    From then on a batch for this purpose is refused when its template asks for another one.
    """
    purpose = await _existing(tx, purpose_key)
    allowed = None if body.allowed is MISSING else body.allowed
    await allow_variables(tx.session, tx.tenant, purpose, allowed, actor=name_actor(tx.caller))
    return await _variables(tx, purpose)


@router.get("/legal-references", response_model=schemas.LegalReferencePage)
async def list_legal_references(tx: Reading) -> schemas.LegalReferencePage:
    """List the law that purposes and retention rest on, each place with the purposes that cite it."""
    found = await queries.list_legal_references(tx.session)
    data = [schemas.LegalReference.model_validate(asdict(one)) for one in found]
    return schemas.LegalReferencePage(data=data, next_cursor=None, has_more=False)


@router.get("/contact-rules", response_model=schemas.ContactRules)
async def get_contact_rules(tx: ReadingRules) -> schemas.ContactRules:
    """See when, and how often, one person may get marketing: the operator's rules and your own beside them."""
    return _rules(await read_rules(tx.session, tx.tenant, tx.run.settings))


@router.put(
    "/contact-rules",
    response_model=schemas.ContactRules,
    responses=declares(UnknownTimeZone, RulesTooLoose, RulesNeverOpen),
)
async def update_contact_rules(tx: WritingRules, body: schemas.ContactRulesChange) -> schemas.ContactRules:
    """Set your own rules: tighter than the operator's, never looser. An empty body takes them all away."""
    own = Bounds(
        None if body.time_zone is MISSING else body.time_zone,
        None if body.quiet_from is MISSING else time.fromisoformat(body.quiet_from),
        None if body.quiet_until is MISSING else time.fromisoformat(body.quiet_until),
        None if body.marketing_per_7_days is MISSING else body.marketing_per_7_days,
        None if body.marketing_per_30_days is MISSING else body.marketing_per_30_days,
    )
    await tighten(tx.session, tx.tenant, tx.run.settings, own, actor=name_actor(tx.caller))
    return _rules(await read_rules(tx.session, tx.tenant, tx.run.settings))


async def _existing(tx: Transaction, key: str) -> queries.Purpose:
    found = await queries.find_purpose(tx.session, key)
    if found is None:
        raise NotFound
    return found


async def _variables(tx: Transaction, purpose: queries.Purpose) -> schemas.PurposeVariables:
    allowed = await queries.find_allowed_variables(tx.session, tx.tenant, purpose)
    return schemas.PurposeVariables(purpose=purpose.key, allowed=allowed)


def _rules(rules: Rules) -> schemas.ContactRules:
    return schemas.ContactRules(
        operator=_bounds(rules.operator),
        own=_bounds(rules.own),
        opens_at=rules.in_force.closed_until(rules.now),
        updated_at=rules.updated_at,
    )


def _bounds(side: Bounds) -> schemas.ContactBounds:
    return schemas.ContactBounds(
        time_zone=side.time_zone,
        quiet_from=_clock(side.quiet_from),
        quiet_until=_clock(side.quiet_until),
        marketing_per_7_days=side.per_7_days,
        marketing_per_30_days=side.per_30_days,
    )


def _clock(at: time | None) -> str | None:
    return None if at is None else at.isoformat("minutes")


def _shown(purpose: queries.Purpose) -> schemas.Purpose:
    return schemas.Purpose.model_validate(
        {
            **{name: getattr(purpose, name) for name in queries.Purpose.__slots__ if name != "class_"},
            "class": purpose.class_,
            "needs_consent": purpose.needs_consent,
        }
    )
