-- Take what is still queued in these batches out of the queue for good, as `cancelled` or `expired`.
-- What expired while it waited says for what (`reason_detail`): quiet hours, or the frequency cap. What was posted once
-- already and got no answer (`unsure`) is uncertain instead, on the evidence it was posted on.
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
    RETURNING d.*, h.waited_for, CASE WHEN d.unsure THEN 'uncertain' ELSE CAST(:state AS text) END AS next_state,
              CASE WHEN d.unsure THEN 'not_sent_again' ELSE CAST(:reason AS text) END AS why
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, attempts, purpose_version,
                          consent_event_id, approval_event_id, basis_event_id, notice_version_id)
    SELECT id, :tenant, batch_id, next_state, why, waited_for, attempts, NULL, NULL, NULL, NULL, NULL
      FROM gone WHERE NOT unsure
    UNION ALL
    SELECT id, :tenant, batch_id, next_state, why, CAST(:reason AS text), attempts, purpose_version,
           consent_event_id, approval_event_id, basis_event_id, notice_version_id
      FROM gone WHERE unsure
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason)
    SELECT id, :tenant, next_state, why FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, 'queued', -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, next_state, count(*) FROM gone GROUP BY batch_id, next_state
)
SELECT count(*)::int FROM gone
