-- Raise the gate version of people. It waits for claims that hold them, and makes later claims pass them over.
-- In:  tenant, people[].
-- Out: nothing. The rows are taken in the order of their ids, so that two such acts never wait for each other in a ring.
WITH taken AS MATERIALIZED (
    SELECT p.id
      FROM people_v1 AS p
     WHERE p.tenant_id = :tenant AND p.id = ANY (CAST(:people AS uuid[]))
     ORDER BY p.id
       FOR NO KEY UPDATE
)
UPDATE people_v1 AS p
   SET gate_version = p.gate_version + 1
  FROM taken
 WHERE p.tenant_id = :tenant AND p.id = taken.id
