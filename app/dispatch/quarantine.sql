-- Take rows that cannot be claimed out of the queue, as failed. What was posted once already is uncertain instead.
-- In:  tenant, ids[].
-- Out: how many.
WITH held AS MATERIALIZED (
    SELECT d.id FROM dispatch AS d
     WHERE d.tenant_id = :tenant AND d.id = ANY (CAST(:ids AS uuid[])) AND d.state = 'queued'
     ORDER BY d.id
       FOR UPDATE
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id
    RETURNING d.*, CASE WHEN d.unsure THEN 'uncertain' ELSE 'failed' END AS next_state
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, attempts, purpose_version, consent_event_id,
                          approval_event_id, basis_event_id, notice_version_id, failed_at)
    SELECT id, :tenant, batch_id, next_state, 'quarantined', attempts, purpose_version, consent_event_id,
           approval_event_id, basis_event_id, notice_version_id,
           CASE next_state WHEN 'failed' THEN clock_timestamp() END
      FROM gone
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason)
    SELECT id, :tenant, next_state, 'quarantined' FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, 'queued', -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, next_state, count(*) FROM gone GROUP BY batch_id, next_state
)
SELECT count(*)::int FROM gone
