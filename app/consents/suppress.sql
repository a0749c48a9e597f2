-- Raise or lift one scope for people: append to the ledger and fold.
-- In:  tenant, people[] (distinct), act ('raised' or 'lifted'), scope, entity (who raised it, or lifts their own), kind,
--      channel, occurred_at, method, api_key.
-- Out: nothing. An older act never undoes a newer one; on equal times 'raised' wins, being later in the alphabet.
WITH appended AS (
    INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel, method,
                                api_key_id)
    SELECT new_id(), :tenant, person_id, :kind, :act, :entity, :scope, CAST(:occurred_at AS timestamptz), :channel,
           CAST(:method AS text), CAST(:api_key AS uuid)
      FROM unnest(CAST(:people AS uuid[])) AS t (person_id)
    RETURNING id, person_id
)
INSERT INTO suppressions AS s (tenant_id, person_id, scope, raised_by, kind, act, acted_at, event_id)
SELECT :tenant, person_id, :scope, :entity, :kind, :act, CAST(:occurred_at AS timestamptz), id
  FROM appended
 ORDER BY person_id
ON CONFLICT (tenant_id, person_id, scope, raised_by, kind) DO UPDATE
   SET act = excluded.act, acted_at = excluded.acted_at, event_id = excluded.event_id
 WHERE (excluded.acted_at, excluded.act, excluded.event_id) > (s.acted_at, s.act, s.event_id)
