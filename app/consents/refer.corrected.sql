-- Which of these acts, all given, are in the ledger and were corrected: same person, kind, purpose and time.
-- In:  tenant, and parallel arrays: places[], people[], kinds[], purposes[], times[].
-- Out: the places of those that are. It begins at the corrections, of which a tenant has few.
SELECT g.place
  FROM consent_events AS c
  JOIN consent_events AS e ON e.tenant_id = :tenant AND e.id = c.supersedes_id AND e.act = 'given'
  JOIN unnest(CAST(:places AS int[]), CAST(:people AS uuid[]), CAST(:kinds AS text[]), CAST(:purposes AS smallint[]),
              CAST(:times AS timestamptz[]))
    AS g (place, person_id, record_kind, purpose_id, occurred_at)
    ON g.person_id = e.person_id AND g.record_kind = e.record_kind AND g.purpose_id = e.purpose_id
   AND g.occurred_at = e.occurred_at
 WHERE c.tenant_id = :tenant AND c.supersedes_id IS NOT NULL
