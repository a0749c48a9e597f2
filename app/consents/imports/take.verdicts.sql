-- Ask the gate about many people and purposes at once.
-- In:  tenant, and parallel arrays: people[], purposes[].
-- Out: one row per pair: person_id, purpose_id, refusal (NULL: a message may go), refused_for.
-- LATERAL with LIMIT keeps it to index probes per person, as in check.sql.
SELECT w.person_id, w.purpose_id, v.refusal, v.refused_for
  FROM unnest(CAST(:people AS uuid[]), CAST(:purposes AS smallint[])) AS w (person_id, purpose_id)
 CROSS JOIN LATERAL (
       SELECT q.refusal, q.refused_for FROM consent_verdicts_v1 AS q
        WHERE q.tenant_id = :tenant AND q.person_id = w.person_id AND q.purpose_id = w.purpose_id
        LIMIT 1) AS v
