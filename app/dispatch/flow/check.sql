-- Ask the gate about a chunk of recipients, as one set.
-- In:  tenant, purpose, hashes[] (one per row still allowed or not; distinct).
-- Out: one row per hash, in order: who it is, what opens their values, and the verdict with its evidence.
--      No person: refusal is unknown_person.
-- The key's salt comes with the verdict: asking for the person beside the gate is a second probe, 1.5 us of each recipient.
SELECT a.person_id, a.id AS alias_id, v.key_salt,
       CASE WHEN v.person_id IS NULL THEN 'unknown_person'
            -- erased: nobody can read the number, or make the key of what would be said
            WHEN v.refusal IS NULL AND (a.value_ct IS NULL OR v.key_salt IS NULL) THEN 'unknown_person'
            ELSE v.refusal END AS refusal,
       v.refused_for, v.consent_event_id, v.approval_event_id, v.basis_event_id, v.notice_version_id, v.suppression_event_id
  FROM unnest(CAST(:hashes AS uuid[])) WITH ORDINALITY AS wanted (hash, place)
  LEFT JOIN aliases_v1 AS a ON a.tenant_id = :tenant AND a.hash = wanted.hash
  LEFT JOIN LATERAL (
        SELECT * FROM consent_verdicts_v1 AS q
         WHERE q.tenant_id = :tenant AND q.person_id = a.person_id AND q.purpose_id = :purpose
         LIMIT 1) AS v ON true
 ORDER BY wanted.place
