-- Statement 1 of settling: a webhook about a message that is still in the queue proves that WhatsApp has it. The row
-- leaves the queue as `sent`, before the next statement climbs: it must never be posted (again).
-- Happens when a status overtakes our own recording, or after a restore that forgot the post.
-- In:  tenant, ids[].
-- Out: nothing that matters.
WITH held AS MATERIALIZED (
    SELECT d.id FROM dispatch AS d
     WHERE d.id = ANY (CAST(:ids AS uuid[])) AND d.tenant_id = :tenant
     ORDER BY d.id
       FOR UPDATE
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id RETURNING d.*
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, purpose_version, consent_event_id, approval_event_id,
                          basis_event_id, notice_version_id, attempts, sent_at)
    SELECT g.id, :tenant, g.batch_id, 'sent', g.purpose_version,
           coalesce(g.consent_event_id, m.consent_event_id), coalesce(g.approval_event_id, m.approval_event_id),
           coalesce(g.basis_event_id, m.basis_event_id), coalesce(g.notice_version_id, m.notice_version_id),
           g.attempts + 1, clock_timestamp()
      FROM gone AS g JOIN messages AS m ON m.id = g.id
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, fence)
    SELECT id, :tenant, 'sent', 'told_by_webhook', fence FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, state, -count(*) FROM gone GROUP BY batch_id, state
    UNION ALL
    SELECT :tenant, batch_id, 'sent', count(*) FROM gone GROUP BY batch_id
)
SELECT count(*) FROM gone
