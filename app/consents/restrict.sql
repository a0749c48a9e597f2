-- Raise the gate version of people. It waits for claims that hold them, and makes later claims pass them over.
-- Whoever was absorbed, and whoever they belong to, are taken together: messages are queued for either.
-- In:  tenant, people[].
-- Out: id and merged_into of everybody taken. The rows are taken in the order of their ids, so that two such acts never wait
--      for each other in a ring.
WITH named AS MATERIALIZED (
    SELECT q.id, coalesce(q.merged_into, q.id) AS who
      FROM people_v1 AS q
     WHERE q.tenant_id = :tenant AND q.id = ANY (CAST(:people AS uuid[]))
), all_of_them AS (
    SELECT id FROM named
    UNION
    SELECT who FROM named
    UNION
    SELECT m.id
      FROM people_v1 AS m
     WHERE m.tenant_id = :tenant AND m.merged_into IS NOT NULL AND m.merged_into IN (SELECT who FROM named)
), taken AS MATERIALIZED (
    SELECT p.id
      FROM people_v1 AS p
     WHERE p.tenant_id = :tenant AND p.id IN (SELECT id FROM all_of_them)
     ORDER BY p.id
       FOR NO KEY UPDATE
)
UPDATE people_v1 AS p
   SET gate_version = p.gate_version + 1
  FROM taken
 WHERE p.tenant_id = :tenant AND p.id = taken.id
RETURNING p.id, p.merged_into
