-- After a restore: take out of the queue what may have been posted in the time that was forgotten. Nobody knows, so it
-- is uncertain and never sent again; a status from WhatsApp still tells what became of it.
-- Left alone: what was accepted after the restore was noticed, what was cancelled, and batches whose time to start had
-- not come by then.
-- In:  tenant, noticed_at, most (a page).
-- Out: how many; less than `most` means that this was the last page.
WITH held AS MATERIALIZED (
    SELECT d.id
      FROM dispatch AS d JOIN batches AS b ON b.tenant_id = d.tenant_id AND b.id = d.batch_id
     WHERE d.tenant_id = :tenant AND d.id < id_floor(:noticed_at)
       AND (d.state = 'sending'
            OR (b.state NOT IN ('cancelled', 'completed', 'failed')
                AND NOT (b.state = 'scheduled' AND b.send_at > :noticed_at)))
     ORDER BY d.id
     LIMIT :most
       FOR UPDATE OF d
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id RETURNING d.*
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, purpose_version, consent_event_id, approval_event_id,
                          basis_event_id, notice_version_id, attempts)
    SELECT g.id, :tenant, g.batch_id, 'uncertain', 'restored', g.purpose_version,
           coalesce(g.consent_event_id, m.consent_event_id), coalesce(g.approval_event_id, m.approval_event_id),
           coalesce(g.basis_event_id, m.basis_event_id), coalesce(g.notice_version_id, m.notice_version_id), g.attempts
      FROM gone AS g JOIN messages AS m ON m.id = g.id AND m.tenant_id = :tenant
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, fence)
    SELECT id, :tenant, 'uncertain', 'restored', fence FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, state, -count(*) FROM gone GROUP BY batch_id, state
    UNION ALL
    SELECT :tenant, batch_id, 'uncertain', count(*) FROM gone GROUP BY batch_id
)
SELECT count(*)::int FROM gone
