"""Look for what would keep Toplu from working, and say what to do about it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from app.cli.causes import NOT_ALLOWED, cause_of, state_of
from app.duties.queries import count_duties
from app.kit.clock import utc_now
from app.kit.crypto import Unsealable
from app.readiness import newest_revision, see_database
from app.runtime import Door, Runtime, open_runtime
from app.senders.guard import find_guarded
from app.settings import Settings
from app.tenants.keys import get_tenant_keys

DOORS: tuple[Door, ...] = ("api", "worker")
MOST_SKEW_S = 5.0  # Meta's moments and ours stand side by side in the log; leases use the database's clock alone


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `good` is None for what is only worth knowing; `hint` says what to do."""

    what: str
    good: bool | None
    hint: str = ""


async def examine(settings: Settings, tenant: UUID) -> AsyncIterator[Finding]:
    """All checks in the order in which they depend on each other; settings and master key are good already."""
    troubles = {door: await _try_door(settings, door) for door in DOORS}
    usable = [door for door in DOORS if troubles[door] is None]
    for door in DOORS:
        finding = _finding_of_door(door, troubles[door], any_usable=bool(usable))
        if finding is not None:
            yield finding
    async with open_runtime(settings, usable[0] if usable else "api") as run:
        if usable:
            for finding in await _examine_database(run):
                yield finding
            yield await _examine_keys(run, tenant)
            if (await see_database(run)).revision == newest_revision():
                yield await _examine_guard(run)
                yield await _examine_duties(run, tenant)
        answers = await run.bells.answers()
    hint = "nothing is lost: workers find their work by polling, more slowly; is TOPLU_REDIS_URL right?"
    yield Finding("Valkey answers", True) if answers else Finding("Valkey does not answer", None, hint)
    for finding in _examine_whatsapp(settings):
        yield finding


async def _try_door(settings: Settings, door: Door) -> Exception | None:
    """What kept this address from being used as the door's role; None when nothing did."""
    try:
        async with open_runtime(settings, door) as run:
            await see_database(run)
    except Exception as error:  # noqa: BLE001 - a door: whatever the driver raises is the finding
        return error
    return None


def _finding_of_door(door: Door, trouble: Exception | None, *, any_usable: bool) -> Finding | None:
    """None for a login that may be the other door only: each door having its own is how it should be."""
    if trouble is None:
        return Finding(f"database usable as toplu_{door}", True)
    if any_usable and state_of(trouble) == NOT_ALLOWED:
        return None
    return Finding(f"database not usable as toplu_{door}", False, f"{cause_of(trouble)} (see TOPLU_DATABASE_URL)")


async def _examine_database(run: Runtime) -> list[Finding]:
    seen, newest = await see_database(run), newest_revision()
    current, skew_s = seen.revision == newest, abs((utc_now() - seen.now).total_seconds())
    near = skew_s <= MOST_SKEW_S
    return [
        Finding(f"schema at {seen.revision}", current, "" if current else f"`toplu migrate` brings it to {newest}"),
        Finding(f"clocks differ by {skew_s:.1f} s", near, "" if near else "set both machines' clocks by NTP"),
    ]


async def _examine_keys(run: Runtime, tenant: UUID) -> Finding:
    try:
        async with run.db.begin(tenant) as session:
            await get_tenant_keys(run, session, tenant)
    except LookupError:
        return Finding("no such tenant yet", None, "`toplu init` or `toplu tenants create` makes one")
    except Unsealable:
        hint = "it is not the one that wrapped them: restore the right one, or no phone number can be read"
        return Finding("master key does not open the tenant's keys", False, hint)
    return Finding("master key opens the tenant's keys", True)


async def _examine_guard(run: Runtime) -> Finding:
    if (await find_guarded(run)).allowed:
        return Finding("database may send", True)
    return Finding("database was restored and sends nothing", False, "`toplu restore-guard status` says what to do")


async def _examine_duties(run: Runtime, tenant: UUID) -> Finding:
    """Nothing that keeps Toplu from working, so never bad: it is for somebody to know."""
    async with run.db.begin(tenant) as session:
        overdue = sum((await count_duties(session, tenant))["overdue"].values())
    if not overdue:
        return Finding("no duty is overdue", True)
    what = "1 duty is overdue" if overdue == 1 else f"{overdue} duties are overdue"
    return Finding(what, None, "`toplu duties` lists them")


def _examine_whatsapp(settings: Settings) -> list[Finding]:
    url = urlsplit(settings.whatsapp_url)  # checked at the door: https, or this machine
    found = [Finding(f"WhatsApp at {url.scheme}://{url.netloc}{url.path}", True)]
    secret, verify = any(settings.app_secrets()), settings.whatsapp_verify_token
    hint = "without it no webhook is believed: statuses and STOPs would not arrive; set TOPLU_WHATSAPP_APP_SECRET"
    found.append(Finding("webhook secret set" if secret else "webhook secret missing", secret, "" if secret else hint))
    hint = "Meta's handshake needs TOPLU_WHATSAPP_VERIFY_TOKEN"
    found.append(
        Finding("verify token set" if verify else "verify token missing", bool(verify), "" if verify else hint)
    )
    return found
