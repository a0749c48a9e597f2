-- Between the two statements of a claim that is capped: hold the counts of the page's people, so that two claims of one
-- person, from two senders' lines, count one after the other. The rows are taken in the order of their ids.
-- `WHERE false` locks what is there and writes nothing.
-- In:  tenant, ids[] (locked by statement 1).
-- Out: nothing.
INSERT INTO frequency_counts AS f (person_id, tenant_id)
SELECT DISTINCT d.person_id, d.tenant_id FROM dispatch AS d
 WHERE d.tenant_id = :tenant AND d.id = ANY (CAST(:ids AS uuid[]))
 ORDER BY d.person_id
ON CONFLICT (person_id) DO UPDATE SET tenant_id = f.tenant_id WHERE false
