-- Kept hashes of the tree over a tenant's links: level 0 are the links themselves (their place is seq - 1).
-- In:  tenant, and parallel arrays levels[], firsts[], ends[]: from the first place to before the end.
-- Out: one row per range: level, first, hashes (one after the other; of level 0: the links' hashes, which are still to
--      be hashed as leaves). One row and not one per hash: a proof needs some hundreds.
SELECT w.level, w.first, n.hashes
  FROM unnest(CAST(:levels AS int[]), CAST(:firsts AS bigint[]), CAST(:ends AS bigint[])) AS w (level, first, stop)
 CROSS JOIN LATERAL (
        SELECT string_agg(k.hash, CAST('' AS bytea) ORDER BY k.place) AS hashes FROM chain_nodes AS k
         WHERE k.tenant_id = :tenant AND k.level = w.level AND k.place >= w.first AND k.place < w.stop) AS n
 WHERE w.level > 0
UNION ALL
SELECT w.level, w.first, l.hashes
  FROM unnest(CAST(:levels AS int[]), CAST(:firsts AS bigint[]), CAST(:ends AS bigint[])) AS w (level, first, stop)
 CROSS JOIN LATERAL (
        SELECT string_agg(k.hash, CAST('' AS bytea) ORDER BY k.seq) AS hashes FROM chain_links AS k
         WHERE k.tenant_id = :tenant AND k.seq > w.first AND k.seq <= w.stop) AS l
 WHERE w.level = 0
