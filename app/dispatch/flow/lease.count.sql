-- Between the two statements of a claim that is capped: hold the counts of the page's people, so that two claims of one
-- person, from two senders' lines, count one after the other. The rows are taken in the order of their ids.
-- An upsert and not a SELECT: it goes by the unique key whatever the planner thought of this table when it was small
-- (a plan kept from then cost 290 ms for 200 people of 10,000; this one costs the same for any number).
-- In:  tenant, ids[] (locked by statement 1).
-- Out: one row per person: person_id, message_ids[], claimed_at[] (parallel; their marketing of the last 30 days).
INSERT INTO frequency_counts AS f (person_id, tenant_id)
SELECT DISTINCT d.person_id, d.tenant_id FROM dispatch AS d
 WHERE d.tenant_id = :tenant AND d.id = ANY (CAST(:ids AS uuid[]))
 ORDER BY d.person_id
ON CONFLICT (person_id) DO UPDATE SET tenant_id = excluded.tenant_id
RETURNING f.person_id, f.message_ids, f.claimed_at
