-- Which of these acts are in the ledger already: same person, kind, purpose, act and time. One that corrects a line is there
-- only when that correction is: what it corrects is alike and no repetition of it.
-- In:  tenant, and parallel arrays: places[], people[], kinds[], purposes[], acts[], times[], superseded[] (or NULL).
-- Out: the places of those that are.
SELECT g.place
  FROM unnest(CAST(:places AS int[]), CAST(:people AS uuid[]), CAST(:kinds AS text[]), CAST(:purposes AS smallint[]),
              CAST(:acts AS text[]), CAST(:times AS timestamptz[]), CAST(:superseded AS uuid[]))
    AS g (place, person_id, record_kind, purpose_id, act, occurred_at, supersedes_id)
 WHERE EXISTS (
       SELECT FROM consent_events AS e
        WHERE e.tenant_id = :tenant AND e.person_id = g.person_id AND e.record_kind = g.record_kind
          AND e.purpose_id = g.purpose_id AND e.act = g.act AND e.occurred_at = g.occurred_at
          AND (g.supersedes_id IS NULL OR e.supersedes_id = g.supersedes_id))
