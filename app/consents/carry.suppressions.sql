-- Carry what is stopped for one person over to another: append to the ledger, and fold.
-- In:  tenant, gone, into.
-- Out: nothing.
-- What either of them stopped stays stopped, whatever the other lifted: 'raised' is the greater act, from the later time.
WITH told AS (
    SELECT q.person_id, q.scope, q.raised_by, q.kind, q.act, q.acted_at, q.event_id
      FROM suppressions AS q
     WHERE q.tenant_id = :tenant AND q.person_id IN (:gone, :into)
), met AS (
    SELECT scope, raised_by, kind, max(act) AS act, max(acted_at) AS acted_at,
           (array_agg(event_id ORDER BY act DESC, acted_at DESC, event_id DESC))[1] AS event_id
      FROM told
     GROUP BY scope, raised_by, kind
), carried AS (
    INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel, method,
                                carried_from)
    SELECT new_id(), :tenant, :into, m.kind, m.act, m.raised_by, m.scope, m.acted_at, e.channel, e.method, e.id
      FROM met AS m
      JOIN consent_events AS e ON e.tenant_id = :tenant AND e.id = m.event_id
     WHERE NOT EXISTS (SELECT FROM told AS t
                        WHERE t.person_id = :into AND t.event_id = m.event_id AND t.acted_at = m.acted_at)
    RETURNING id, record_kind, act, entity, scope, occurred_at
)
INSERT INTO suppressions AS s (tenant_id, person_id, scope, raised_by, kind, act, acted_at, event_id)
SELECT :tenant, :into, scope, entity, record_kind, act, occurred_at, id
  FROM carried
 ORDER BY scope, entity, record_kind
ON CONFLICT (tenant_id, person_id, scope, raised_by, kind) DO UPDATE
   SET act = excluded.act, acted_at = excluded.acted_at, event_id = excluded.event_id
 WHERE (excluded.acted_at, excluded.act, excluded.event_id) > (s.acted_at, s.act, s.event_id)
