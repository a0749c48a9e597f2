-- Running batches of which too much fails are paused, while something of them is still queued.
-- In:  tenant.
-- Out: one row per batch that was paused: id.
WITH counted AS MATERIALIZED (
    SELECT b.id, coalesce(sum(c.n) FILTER (WHERE c.state = 'failed'), 0) AS errors,
           coalesce(sum(c.n) FILTER (WHERE c.state IN ('failed', 'sent', 'delivered', 'read')), 0) AS answers,
           coalesce(sum(c.n) FILTER (WHERE c.state = 'queued'), 0) AS queued
      FROM batches AS b JOIN batch_counts AS c ON c.tenant_id = b.tenant_id AND c.batch_id = b.id
     WHERE b.tenant_id = :tenant AND b.state = 'running' AND b.error_rate IS NOT NULL
     GROUP BY b.id
)
UPDATE batches AS b SET state = 'paused', state_reason = 'error_rate', version = b.version + 1
  FROM counted AS c
 WHERE b.tenant_id = :tenant AND b.id = c.id AND b.state = 'running' AND c.queued > 0
   AND c.answers - b.answers_before >= b.error_sample
   AND c.errors - b.errors_before >= b.error_rate * (c.answers - b.answers_before)
RETURNING b.id
