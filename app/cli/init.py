"""Make a first tenant with everything a first send needs."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid5

from app.cli import example
from app.cli.errors import Stop
from app.kit.clock import utc_now
from app.kit.crypto import Unsealable
from app.kit.db import Session
from app.notices.publish import publish_notice
from app.notices.queries import list_notices
from app.runtime import Runtime, open_runtime
from app.senders.errors import SenderTaken
from app.senders.queries import list_senders
from app.senders.register import register_sender
from app.settings import Settings
from app.templates.register import register_template
from app.tenants.api_keys import SCOPES
from app.tenants.create_tenant import create_tenant
from app.tenants.issue_key import issue_key
from app.tenants.keys import get_tenant_keys

ACTOR = "operator"
KEY_DAYS = 365
# Row-level security lets nobody ask which tenants there are. So the id follows from the name, and asking for it again
# finds it again.
_TENANTS = UUID("4f1f3c1e-0f0e-5f0a-9c39-8a3c5f9d0b11")


@dataclass(frozen=True, slots=True)
class Initialised:
    """What a first send needs. `key` is there only when it was made just now."""

    tenant: UUID
    sender: UUID
    notice_version: UUID
    key: str | None = field(repr=False)


def tenant_of(name: str) -> UUID:
    """The id of the tenant that `toplu init` makes under this name."""
    return uuid5(_TENANTS, name)


async def init(settings: Settings, name: str) -> Initialised:
    """Make tenant, key, sandbox sender, templates and notice in one transaction, or find them made.

    Raises Stop for the wrong master key, and for a second tenant: the sandbox has one number (`toplu tenants create`
    makes any number of them).
    """
    tenant = tenant_of(name)
    async with open_runtime(settings, "api") as run:
        async with run.db.begin(tenant) as session:
            if await tenant_exists(run, session, tenant):
                return await _find(session, tenant)
        try:
            async with run.db.begin(tenant) as session:
                return await _make(run, session, tenant, name)
        except SenderTaken:
            raise Stop(
                "The sandbox's number belongs to another tenant of this database already. "
                "`toplu tenants create` makes a tenant without it."
            ) from None


async def tenant_exists(run: Runtime, session: Session, tenant: UUID) -> bool:
    """Whether it was made. Raises Stop when its keys are under another master key."""
    try:
        await get_tenant_keys(run, session, tenant)
    except LookupError:
        return False
    except Unsealable:
        raise Stop("The master key is not the one that made this database's keys. Give it the right one.") from None
    return True


async def _find(session: Session, tenant: UUID) -> Initialised:
    senders = await list_senders(session, tenant, after=None, limit=1)
    notices = await list_notices(session, tenant, after=None, limit=1)
    return Initialised(tenant, senders[0].id, notices[0].latest.id, None)


async def _make(run: Runtime, session: Session, tenant: UUID, name: str) -> Initialised:
    await create_tenant(run, session, tenant, name=name, actor=ACTOR)
    expires_at = utc_now() + timedelta(days=KEY_DAYS)
    key = await issue_key(session, tenant, name="first key", scopes=SCOPES, expires_at=expires_at, actor=ACTOR)
    sender = await register_sender(
        run,
        session,
        tenant,
        name=example.SENDER_NAME,
        phone_number_id=example.PHONE_NUMBER_ID,
        waba_id=example.WABA_ID,
        display_phone_number=example.DISPLAY_PHONE_NUMBER,
        access_token=example.SANDBOX_TOKEN,
        messages_per_second=example.MESSAGES_PER_SECOND,
        actor=ACTOR,
    )
    for template in example.TEMPLATES:
        await register_template(
            session,
            tenant,
            name=template.name,
            language=template.language,
            category=template.category,
            body=template.body,
            purposes=template.purposes,
            status="approved",
            actor=ACTOR,
        )
    notice = await publish_notice(session, tenant, name=example.NOTICE_NAME, draft=example.NOTICE, actor=ACTOR)
    return Initialised(tenant, sender.id, notice.latest.id, key.text)
