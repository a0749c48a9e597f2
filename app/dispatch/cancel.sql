-- Take what is still queued in these batches out of the queue for good, as `cancelled` or `expired`.
-- In:  tenant, batches[], state, reason, most (a page: a million rows in one statement would hold up everything).
-- Out: how many messages left the queue; less than `most` means that this was the last page.
WITH held AS MATERIALIZED (
    SELECT d.id FROM dispatch AS d
     WHERE d.tenant_id = :tenant AND d.batch_id = ANY (CAST(:batches AS uuid[])) AND d.state = 'queued'
     ORDER BY d.id
     LIMIT :most
       FOR UPDATE
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id RETURNING d.id, d.batch_id, d.attempts
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, attempts)
    SELECT id, :tenant, batch_id, CAST(:state AS text), CAST(:reason AS text), attempts FROM gone
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason)
    SELECT id, :tenant, CAST(:state AS text), CAST(:reason AS text) FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, 'queued', -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, CAST(:state AS text), count(*) FROM gone GROUP BY batch_id
)
SELECT count(*)::int FROM gone
