-- Add aliases to people.
-- In:  tenant, and parallel arrays ids[], people[], kinds[], hashes[], values[] (sealed for that person).
-- Out: the added ones: id, person_id, hash.
INSERT INTO aliases (id, tenant_id, person_id, kind, hash, value_ct)
SELECT o.id, :tenant, o.person_id, o.kind, o.hash, o.value_ct
  FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:kinds AS text[]), CAST(:hashes AS uuid[]),
              CAST(:values AS bytea[])) AS o (id, person_id, kind, hash, value_ct)
 ORDER BY o.hash
ON CONFLICT (tenant_id, hash) WHERE closed_at IS NULL DO NOTHING
RETURNING id, person_id, hash
