-- Rows that were `sending` when their lease ran out: whoever held them is gone, and bytes may have left. They become
-- uncertain; only a webhook that echoes the id may say more. Where the batch asked for at least once they go back to the
-- queue instead, until they were posted `most` times; the log says "uncertain" each time.
-- In:  tenant, most (posts of one message), wait_s (for a webhook, before it is posted again).
-- Out: how many.
WITH held AS MATERIALIZED (
    SELECT d.id, b.delivery_policy = 'at_least_once' AND d.attempts + 1 < :most AS again
      FROM dispatch AS d JOIN batches AS b ON b.tenant_id = d.tenant_id AND b.id = d.batch_id
     WHERE d.tenant_id = :tenant AND d.state = 'sending' AND d.lease_until < clock_timestamp()
     ORDER BY d.id
       FOR UPDATE OF d SKIP LOCKED
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id AND NOT h.again RETURNING d.*
), back AS (
    UPDATE dispatch AS d
       SET state = 'queued', lease_until = NULL, attempts = d.attempts + 1, unsure = true, waits_for = 'lost_answer',
           due_at = clock_timestamp() + make_interval(secs => :wait_s)
      FROM held AS h
     WHERE d.id = h.id AND h.again
    RETURNING d.id, d.batch_id, d.fence, d.due_at
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, purpose_version, consent_event_id, approval_event_id,
                          basis_event_id, notice_version_id, attempts)
    SELECT id, :tenant, batch_id, 'uncertain', 'lease_over', purpose_version, consent_event_id, approval_event_id,
           basis_event_id, notice_version_id, attempts + 1
      FROM gone
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, fence, until)
    SELECT id, :tenant, 'uncertain', 'lease_over', fence, NULL FROM gone
    UNION ALL
    SELECT id, :tenant, 'uncertain', 'lease_over', fence, due_at FROM back
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, 'sending', -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'sending', -count(*) FROM back GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'uncertain', count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'queued', count(*) FROM back GROUP BY batch_id
)
SELECT ((SELECT count(*) FROM gone) + (SELECT count(*) FROM back))::int
