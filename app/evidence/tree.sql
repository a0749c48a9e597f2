-- Kept hashes of the tree over a tenant's links: level 0 are the links themselves (their place is seq - 1).
-- In:  tenant, and parallel arrays levels[], firsts[], ends[]: from the first place to before the end.
-- Out: level, place, hash (of level 0: the link's hash, which is still to be hashed as a leaf).
SELECT w.level, n.place, n.hash
  FROM unnest(CAST(:levels AS int[]), CAST(:firsts AS bigint[]), CAST(:ends AS bigint[])) AS w (level, first, stop)
  JOIN chain_nodes AS n
    ON n.tenant_id = :tenant AND n.level = w.level AND n.place >= w.first AND n.place < w.stop
 WHERE w.level > 0
UNION ALL
SELECT 0, l.seq - 1, l.hash
  FROM unnest(CAST(:levels AS int[]), CAST(:firsts AS bigint[]), CAST(:ends AS bigint[])) AS w (level, first, stop)
  JOIN chain_links AS l ON l.tenant_id = :tenant AND l.seq > w.first AND l.seq <= w.stop
 WHERE w.level = 0
