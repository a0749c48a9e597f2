-- Take what is still queued in these batches out of the queue for good, as `cancelled` or `expired`.
-- What expired while it waited says for what (`reason_detail`): quiet hours, or the frequency cap.
-- In:  tenant, batches[], state, reason, most (a page: a million rows in one statement would hold up everything).
-- Out: how many messages left the queue; less than `most` means that this was the last page.
WITH held AS MATERIALIZED (
    SELECT d.id, CASE WHEN CAST(:state AS text) = 'expired' THEN coalesce(d.waits_for, b.waits_for) END AS waited_for
      FROM dispatch AS d JOIN batches AS b ON b.tenant_id = d.tenant_id AND b.id = d.batch_id
     WHERE d.tenant_id = :tenant AND d.batch_id = ANY (CAST(:batches AS uuid[])) AND d.state = 'queued'
     ORDER BY d.id
     LIMIT :most
       FOR UPDATE OF d
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id
    RETURNING d.id, d.batch_id, d.attempts, h.waited_for
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, attempts)
    SELECT id, :tenant, batch_id, CAST(:state AS text), CAST(:reason AS text), waited_for, attempts FROM gone
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
