-- Lock the states that are about to be folded again, in the order in which every writer takes them.
-- In:  tenant, and parallel arrays: people[], purposes[].
-- Out: nothing that is read.
SELECT s.person_id
  FROM consent_states AS s
 WHERE s.tenant_id = :tenant
   AND (s.purpose_id, s.person_id) IN (
       SELECT w.purpose_id, w.person_id
         FROM unnest(CAST(:people AS uuid[]), CAST(:purposes AS smallint[])) AS w (person_id, purpose_id))
 ORDER BY s.purpose_id, s.person_id
   FOR UPDATE
