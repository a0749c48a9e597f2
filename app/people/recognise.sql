-- Make the people that are not known yet, each with one alias. Two callers that meet the same new number make one person:
-- the alias's unique hash decides, and the loser's person row is never inserted.
-- In:  tenant, hashes[], kinds[], people[], aliases[], salts[], values[] (parallel arrays; hashes distinct).
-- Out: nothing; who asked reads afterwards, in a statement with a newer snapshot.
WITH offered AS (
    SELECT *
      FROM unnest(CAST(:hashes AS uuid[]), CAST(:kinds AS text[]), CAST(:people AS uuid[]), CAST(:aliases AS uuid[]),
                  CAST(:salts AS bytea[]), CAST(:values AS bytea[])) AS o (hash, kind, person_id, alias_id, salt, value_ct)
), made AS (
    INSERT INTO aliases (id, tenant_id, person_id, kind, hash, value_ct)
    SELECT alias_id, :tenant, person_id, kind, hash, value_ct FROM offered ORDER BY hash
    ON CONFLICT (tenant_id, hash) DO NOTHING
    RETURNING person_id
)
INSERT INTO people (id, tenant_id, key_salt)
SELECT o.person_id, :tenant, o.salt FROM offered AS o JOIN made USING (person_id)
