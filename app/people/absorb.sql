-- Make two people one.
-- In:  tenant, gone, into, and parallel arrays aliases[], values[] (of `gone`, sealed for `into`; NULL: it cannot be opened).
-- Out: nothing.
WITH moved AS (
    UPDATE aliases AS a
       SET person_id = :into, value_ct = m.value_ct
      FROM unnest(CAST(:aliases AS uuid[]), CAST(:values AS bytea[])) AS m (id, value_ct)
     WHERE a.tenant_id = :tenant AND a.id = m.id
), kept AS (
    UPDATE people AS p
       SET held_since = greatest(p.held_since, g.held_since),
           party_type = CASE WHEN g.party_type = 'legal' THEN p.party_type ELSE 'natural' END
      FROM people AS g
     WHERE p.tenant_id = :tenant AND p.id = :into AND g.tenant_id = :tenant AND g.id = :gone
)
UPDATE people AS p
   SET merged_into = :into
 WHERE p.tenant_id = :tenant AND (p.id = :gone OR p.merged_into = :gone)
