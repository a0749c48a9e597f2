-- Refuse what is queued for one person, as the gate would: the person is not known any more.
-- In:  tenant, person (whose row the transaction holds, so nothing of theirs is being claimed).
-- Out: how many messages left the queue.
WITH held AS MATERIALIZED (
    SELECT d.id
      FROM messages AS m JOIN dispatch AS d ON d.id = m.id
     WHERE m.tenant_id = :tenant AND m.person_id = :person AND d.state = 'queued'
     ORDER BY d.id
       FOR UPDATE OF d
), gone AS (
    DELETE FROM dispatch AS d USING held AS h WHERE d.id = h.id RETURNING d.id, d.batch_id, d.attempts
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, attempts)
    SELECT id, :tenant, batch_id, 'refused', 'unknown_person', 'erased', attempts FROM gone
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason)
    SELECT id, :tenant, 'refused', 'unknown_person' FROM gone
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
    SELECT :tenant, batch_id, 'queued', NULL, -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'refused', 'unknown_person', count(*) FROM gone GROUP BY batch_id
)
SELECT count(*)::int FROM gone
