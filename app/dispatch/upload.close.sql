-- Close an upload: from here on its rows count.
-- In:  tenant, batch, upload, digest, rows, and parallel arrays states[], reasons[], numbers[].
-- Out: 1 when it was still open, 0 when it had been given up.
WITH closed AS (
    UPDATE uploads SET state = 'closed', closed_at = clock_timestamp(), row_count = :rows, body_digest = :digest
     WHERE tenant_id = :tenant AND id = :upload AND state = 'open'
    RETURNING id
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
    SELECT :tenant, :batch, c.state, c.reason, c.n
      FROM unnest(CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:numbers AS int[])) AS c (state, reason, n)
     WHERE EXISTS (SELECT FROM closed)
), grown AS (
    UPDATE batches SET state = 'draft', total = total + :rows, version = version + 1
     WHERE tenant_id = :tenant AND id = :batch AND EXISTS (SELECT FROM closed)
)
SELECT count(*)::int FROM closed
