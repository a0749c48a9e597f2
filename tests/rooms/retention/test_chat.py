"""What was written, asked and answered in the chat goes with time; what proves a record stays."""

import asyncpg
import pytest

from app.retention.run import run_retention
from tests.conftest import TestDatabase
from tests.house import House, phone
from tests.rooms.retention.house import choose, count, shift, working

pytestmark = pytest.mark.anyio

CHAT = """
SET search_path = toplu; SET session_replication_role = replica;
INSERT INTO opt_in_challenges (id, tenant_id, offer_id, record_kind, purpose_id, person_id, alias_id, state, begun_by,
                               person_wrote_at, made_at, refused_at)
SELECT new_id(), t.tenant_id, new_id(), 'explicit_consent', 7, CASE n WHEN 1 THEN e.person_id ELSE new_id() END,
       new_id(), 'refused', new_id(), now(), now(), now()
  FROM tenants AS t, generate_series(1, 2) AS n, (SELECT person_id FROM consent_events LIMIT 1) AS e;
UPDATE consent_events AS e SET challenge_id = c.id FROM opt_in_challenges AS c WHERE c.person_id = e.person_id;
INSERT INTO chat_replies (id, tenant_id, sender_id, person_id, alias_id, kind, challenge_id, answers, purpose_id,
                          window_until, state, done_at)
SELECT new_id(), tenant_id, new_id(), person_id, alias_id, 'opt_in_question', id, new_id(), 10, now(), 'sent', now()
  FROM opt_in_challenges;
INSERT INTO reviews (id, tenant_id, sender_id, person_id, alias_id, people, fingerprint, reason, words_ct, written_at,
                     decision, decided_at, decided_by)
SELECT new_id(), tenant_id, new_id(), person_id, alias_id, ARRAY[person_id], new_id(), 'caption', 'x', now(),
       CASE WHEN state = d THEN 'stop' END, CASE WHEN state = d THEN now() END, CASE WHEN state = d THEN new_id() END
  FROM opt_in_challenges, unnest(ARRAY['refused', 'open']) AS d;
"""


async def test_what_was_written_asked_and_answered_in_the_chat_goes_but_not_what_proves_a_record_or_waits(
    api_only: House, database: TestDatabase
) -> None:
    await api_only.consent(phone(1))
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(CHAT)
    await connection.close()
    held = {"chat_replies": 2, "opt_in_challenges": 2, "reviews": 4}
    rules = [{"data_class": "opt_in_challenges", "keep_days": 1095}]
    assert (await choose(api_only, *rules)).is_success

    async with working(api_only) as run:
        await shift(database, 1094)
        await run_retention(run, api_only.tenant.id, actor="test")
        early = {table: await count(database, table) for table in held}
        await shift(database, 1096)
        ran = await run_retention(run, api_only.tenant.id, actor="test")

    assert held == early
    assert {"chat_replies": 1, "opt_in_challenges": 1, "reviews": 2} == {name: ran.destroyed[name] for name in held}
    assert 2 == await count(database, "reviews", "decision IS NULL"), "nobody read them yet"
    assert 1 == await count(database, "opt_in_challenges", "id IN (SELECT challenge_id FROM toplu.consent_events)")
