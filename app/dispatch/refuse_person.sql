-- Refuse what is queued for one person, as the gate would: the person is not known any more. What was posted once
-- already and got no answer (`unsure`) is uncertain instead, on the evidence it was posted on.
-- In:  tenant, person (whose row the transaction holds, so nothing of theirs is being claimed).
-- Out: how many messages left the queue.
WITH held AS MATERIALIZED (
    SELECT d.id
      FROM messages AS m JOIN dispatch AS d ON d.id = m.id
     WHERE m.tenant_id = :tenant AND m.person_id = :person AND d.state = 'queued'
     ORDER BY d.id
       FOR UPDATE OF d
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id RETURNING d.*
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, attempts)
    SELECT id, :tenant, batch_id, 'refused', 'unknown_person', 'erased', attempts FROM gone WHERE NOT unsure
), kept_unsure AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, attempts, purpose_version,
                          consent_event_id, approval_event_id, basis_event_id, notice_version_id)
    SELECT id, :tenant, batch_id, 'uncertain', 'not_sent_again', 'unknown_person', attempts, purpose_version,
           consent_event_id, approval_event_id, basis_event_id, notice_version_id
      FROM gone WHERE unsure
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason)
    SELECT id, :tenant, CASE WHEN unsure THEN 'uncertain' ELSE 'refused' END,
           CASE WHEN unsure THEN 'not_sent_again' ELSE 'unknown_person' END
      FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
    SELECT :tenant, batch_id, 'queued', NULL, -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'refused', 'unknown_person', count(*) FROM gone WHERE NOT unsure GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'uncertain', NULL, count(*) FROM gone WHERE unsure GROUP BY batch_id
)
SELECT count(*)::int FROM gone
