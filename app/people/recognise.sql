-- Make the people that are not known yet, each with their aliases. Two callers that meet the same new number make one person:
-- the alias's unique hash decides, and the loser's person row is never inserted.
-- A number that somebody had before (their alias is closed) comes to a new person, who has held it since.
-- In:  tenant, hashes[], kinds[], people[], aliases[], salts[] (NULL: the person is there already), values[] (parallel
--      arrays; hashes distinct; a person may stand in several rows).
-- Out: nothing; who asked reads afterwards, in a statement with a newer snapshot.
WITH offered AS (
    SELECT *
      FROM unnest(CAST(:hashes AS uuid[]), CAST(:kinds AS text[]), CAST(:people AS uuid[]), CAST(:aliases AS uuid[]),
                  CAST(:salts AS bytea[]), CAST(:values AS bytea[])) AS o (hash, kind, person_id, alias_id, salt, value_ct)
), made AS (
    INSERT INTO aliases (id, tenant_id, person_id, kind, hash, value_ct)
    SELECT alias_id, :tenant, person_id, kind, hash, value_ct FROM offered ORDER BY hash
    ON CONFLICT (tenant_id, hash) WHERE closed_at IS NULL DO NOTHING
    RETURNING person_id, hash
)
INSERT INTO people (id, tenant_id, key_salt, held_since)
SELECT o.person_id, :tenant, o.salt, max(c.closed_at)
  FROM offered AS o
  JOIN made AS m ON m.person_id = o.person_id AND m.hash = o.hash
  LEFT JOIN aliases AS c ON c.tenant_id = :tenant AND c.hash = o.hash AND c.closed_at IS NOT NULL
 WHERE o.salt IS NOT NULL
 GROUP BY o.person_id, o.salt
