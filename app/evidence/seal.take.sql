-- A page of what may be sealed now: about `page` things, oldest statements first. Decisions wait until there are enough
-- of their batch for a tree, or nothing more comes, or the first of them has waited long enough.
-- In:  tenant, page (things), tree (decisions that are enough), hold_s.
-- Out: one row per queue row: id, source, batch_id, ids.
WITH waiting AS (
    SELECT q.id, q.n,
           q.batch_id IS NULL OR b.ended OR sum(q.n) OVER batch >= :tree
           OR min(q.queued_at) OVER batch < clock_timestamp() - make_interval(secs => :hold_s) AS ripe
      FROM seal_queue AS q
      LEFT JOIN batch_ends_v1 AS b ON b.tenant_id = q.tenant_id AND b.id = q.batch_id
     WHERE q.tenant_id = :tenant AND (q.batch_id IS NULL OR b.begun)
    WINDOW batch AS (PARTITION BY q.batch_id)
), page AS (
    SELECT id, sum(n) OVER (ORDER BY id) - n AS before FROM waiting WHERE ripe
)
SELECT q.id, q.source, q.batch_id, q.ids
  FROM page AS p JOIN seal_queue AS q ON q.tenant_id = :tenant AND q.id = p.id
 WHERE p.before < :page
 ORDER BY q.id
