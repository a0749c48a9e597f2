-- Fold a batch's counter: many deltas become one row per state. Readers sum, so they see no difference.
-- In:  tenant, above (fold only batches with more deltas than this).
-- Out: nothing.
WITH many AS (
    SELECT batch_id FROM batch_counts WHERE tenant_id = :tenant GROUP BY batch_id HAVING count(*) > :above LIMIT 50
), gone AS (
    DELETE FROM batch_counts AS c USING many AS m WHERE c.tenant_id = :tenant AND c.batch_id = m.batch_id
    RETURNING c.batch_id, c.state, c.reason, c.n
)
INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
SELECT :tenant, batch_id, state, reason, sum(n) FROM gone GROUP BY batch_id, state, reason HAVING sum(n) <> 0
