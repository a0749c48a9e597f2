"""Fill the database as years of use would: people who consented, and some who took it back."""

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from app.kit.clock import utc_now
from app.kit.crypto import new_salt
from app.kit.ids import new_id
from app.people.seal import alias_hash, seal_alias
from app.runtime import TenantKeys
from app.tenants.keys import get_tenant_keys
from tests.bench.stand import Stand

CHUNK = 50_000
CAMPAIGN = 7  # campaign_information: needs a consent and an approval
WITHDRAWN_EVERY = 20
SEALED = 1_100_000  # this many have a number that can be read again, as sending needs; it costs most of the seeding

People = tuple[list[Any], list[Any], list[Any]]


def phone(number: int) -> str:
    """The n-th invented Turkish mobile number, of a thousand million."""
    return f"+905{number:09d}"


async def keys_of(stand: Stand) -> TenantKeys:
    """The bench tenant's keys."""
    async with stand.run.db.begin(stand.tenant.id) as session:
        return await get_tenant_keys(stand.run, session, stand.tenant.id)


async def seed_states(stand: Stand, people: int) -> None:
    """`people` persons with a number, each with a consent and an approval for one marketing purpose."""
    keys = await keys_of(stand)
    numbers = iter(range(people))
    while chunk := list(islice(numbers, CHUNK)):
        persons, aliases, states = _chunk(stand.tenant.id, keys, chunk)
        await _copy(stand, "people", ("id", "tenant_id", "key_salt"), persons)
        await _copy(stand, "aliases", ("id", "tenant_id", "person_id", "kind", "hash", "value_ct"), aliases)
        columns = ("tenant_id", "purpose_id", "person_id", "consent_act", "consent_at", "consent_event_id")
        more = ("consent_notice_version_id", "approval_act", "approval_at", "approval_event_id")
        await _copy(stand, "consent_states", columns + more, states)
    await stand.admin.execute("VACUUM (ANALYZE) people")
    await stand.admin.execute("VACUUM (ANALYZE) aliases")
    await stand.admin.execute("VACUUM (ANALYZE) consent_states")


def _chunk(tenant: UUID, keys: TenantKeys, numbers: list[int]) -> People:
    at = utc_now() - timedelta(days=30)
    filler = os.urandom(42)
    persons, aliases, states = [], [], []
    for number in numbers:
        person, salt, told = new_id(), new_salt(), phone(number)
        sealed = seal_alias(keys, salt, person, told) if number < SEALED else filler
        act = "withdrawn" if number % WITHDRAWN_EVERY == 0 else "given"
        event = new_id()
        persons.append((person, tenant, salt))
        aliases.append((new_id(), tenant, person, "phone", alias_hash(keys, "phone", told), sealed))
        states.append((tenant, CAMPAIGN, person, act, at, event, None, act, at, event))
    return persons, aliases, states


async def _copy(stand: Stand, table: str, columns: tuple[str, ...], rows: list[Any]) -> None:
    await stand.admin.copy_records_to_table(table, schema_name="toplu", columns=columns, records=rows)


def batches_of(items: list[Any], size: int) -> Iterator[list[Any]]:
    """Slices of `size`."""
    for at in range(0, len(items), size):
        yield items[at : at + size]
