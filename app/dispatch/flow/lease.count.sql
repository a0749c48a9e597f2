-- Between the two statements of a claim that is capped: hold the counts of the page's people, so that two claims of one
-- person, from two senders' lines, count one after the other. The rows are taken in the order of their ids.
-- An upsert and not a SELECT: it goes by the unique key whatever the planner thought of this table when it was small
-- (a plan kept from then cost 290 ms for 200 people of 10,000; this one costs the same for any number).
-- What was counted for somebody whom they absorbed counts as theirs; nothing is added to that any more, so it is only read.
-- In:  tenant, people[] (of the page, as statement 1 named them; they may repeat).
-- Out: person_id, message_ids[], claimed_at[] (parallel; their marketing of the last 30 days), held_until (NULL, or
--      before when WhatsApp wants no marketing to them), several rows of one person if they absorbed somebody; the same
--      message may then stand in two.
WITH held AS (
    INSERT INTO frequency_counts AS f (person_id, tenant_id)
    SELECT DISTINCT page.person_id, CAST(:tenant AS uuid) FROM unnest(CAST(:people AS uuid[])) AS page (person_id)
     ORDER BY page.person_id
    ON CONFLICT (person_id) DO UPDATE SET tenant_id = excluded.tenant_id
    RETURNING f.person_id, f.message_ids, f.claimed_at, f.held_until
)
SELECT person_id, message_ids, claimed_at, held_until FROM held
UNION ALL
SELECT p.merged_into, f.message_ids, f.claimed_at, f.held_until
  FROM people_v1 AS p
  JOIN frequency_counts AS f ON f.tenant_id = :tenant AND f.person_id = p.id
 WHERE p.tenant_id = :tenant AND p.merged_into = ANY (CAST(:people AS uuid[]))
