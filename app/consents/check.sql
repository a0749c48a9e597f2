-- Ask the gate about many fingerprints at once.
-- In:  tenant, purpose, hashes[].
-- Out: one row per fingerprint, in order: person_id, refusal (NULL: allowed), refused_for. Unknown: unknown_person.
-- LATERAL with LIMIT keeps it to index probes per person; a plain join would have the planner read whole tables when it
-- misjudges the size of the array.
SELECT v.person_id,
       CASE WHEN v.person_id IS NULL THEN 'unknown_person' ELSE v.refusal END AS refusal,
       v.refused_for
  FROM unnest(CAST(:hashes AS uuid[])) WITH ORDINALITY AS wanted (hash, place)
  LEFT JOIN LATERAL (
        SELECT a.person_id FROM aliases_v1 AS a WHERE a.tenant_id = :tenant AND a.hash = wanted.hash LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (
        SELECT q.person_id, q.refusal, q.refused_for FROM consent_verdicts_v1 AS q
         WHERE q.tenant_id = :tenant AND q.person_id = a.person_id AND q.purpose_id = :purpose
         LIMIT 1) AS v ON true
 ORDER BY wanted.place
