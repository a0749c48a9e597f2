-- Who these fingerprints belong to, in one probe each.
-- In:  tenant, hashes[].
-- Out: one row per fingerprint that is known: hash, person_id, alias_id, key_salt (NULL after erasure).
SELECT a.hash, a.person_id, a.id AS alias_id, p.key_salt
  FROM unnest(CAST(:hashes AS uuid[])) AS wanted (hash)
  JOIN aliases AS a ON a.tenant_id = :tenant AND a.hash = wanted.hash
  JOIN people AS p ON p.id = a.person_id
