-- Who these fingerprints belong to, in one probe each. Whoever was absorbed meanwhile is answered as who they are now.
-- In:  tenant, hashes[].
-- Out: one row per fingerprint that is known: hash, person_id, alias_id, key_salt (NULL after erasure).
SELECT a.hash, coalesce(p.merged_into, p.id) AS person_id, a.id AS alias_id,
       CASE WHEN p.merged_into IS NULL THEN p.key_salt ELSE o.key_salt END AS key_salt
  FROM unnest(CAST(:hashes AS uuid[])) AS wanted (hash)
  JOIN aliases AS a ON a.tenant_id = :tenant AND a.hash = wanted.hash AND a.closed_at IS NULL
  JOIN people AS p ON p.id = a.person_id
  LEFT JOIN people AS o ON o.id = p.merged_into
