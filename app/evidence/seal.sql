-- Append links behind the last one.
-- In:  tenant, after (seq of the last link, 0 at the beginning), and parallel arrays sources[], ids[], digests[], hashes[].
-- Out: nothing.
INSERT INTO chain_links (tenant_id, seq, source, source_id, digest, hash)
SELECT :tenant, CAST(:after AS bigint) + g.place, g.source, g.id, g.digest, g.hash
  FROM unnest(CAST(:sources AS text[]), CAST(:ids AS uuid[]), CAST(:digests AS bytea[]), CAST(:hashes AS bytea[]))
       WITH ORDINALITY AS g (source, id, digest, hash, place)
