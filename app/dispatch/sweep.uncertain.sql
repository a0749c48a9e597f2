-- Rows that were `sending` when their lease ran out: whoever held them is gone, and bytes may have left. They become
-- uncertain; only a webhook that echoes the id may say more.
-- In:  tenant.
-- Out: how many.
WITH held AS MATERIALIZED (
    SELECT d.id FROM dispatch AS d
     WHERE d.tenant_id = :tenant AND d.state = 'sending' AND d.lease_until < clock_timestamp()
     ORDER BY d.id
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id RETURNING d.*
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, purpose_version, consent_event_id, approval_event_id,
                          basis_event_id, notice_version_id, attempts)
    SELECT id, :tenant, batch_id, 'uncertain', 'lease_over', purpose_version, consent_event_id, approval_event_id,
           basis_event_id, notice_version_id, attempts + 1
      FROM gone
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, fence)
    SELECT id, :tenant, 'uncertain', 'lease_over', fence FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, 'sending', -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'uncertain', count(*) FROM gone GROUP BY batch_id
)
SELECT count(*)::int FROM gone
