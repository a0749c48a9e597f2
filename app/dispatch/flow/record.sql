-- Write down what became of a set of posted messages: state, delivery log and counters together.
-- Only rows that are still `sending` under our fence and from the same claim are touched: a late writer changes nothing,
-- and recording the same set twice writes nothing the second time, also when the rows were claimed anew in between.
-- In:  tenant, fence, and parallel arrays ids[], states[], wamid_hashes[], codes[], reasons[], retries_s[], burnt[],
--      unsure[] (back to the queue, to be posted again although it may have been taken: the log says "uncertain"),
--      claims[] (NULL: whichever claim it is).
-- Out: one row: how many rows were recorded.
WITH told AS (
    SELECT *
      FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:wamid_hashes AS uuid[]), CAST(:codes AS int[]),
                  CAST(:reasons AS text[]), CAST(:retries_s AS double precision[]), CAST(:burnt AS int[]), CAST(:unsure AS bool[]),
                  CAST(:claims AS int[]))
           AS t (id, next_state, wamid_hash, meta_code, reason, retry_s, burnt, unsure, claim)
), held AS MATERIALIZED (
    -- One look-up by id for each answer, in the order of the ids. A plain join may compare every answer with every row,
    -- and = 'sending' may read everything on its way for each answer, by the index of leases; it is the other state.
    SELECT t.*, d.batch_id
      FROM (SELECT * FROM told ORDER BY id) AS t
     CROSS JOIN LATERAL (
            SELECT q.batch_id FROM dispatch AS q
             WHERE q.id = t.id AND q.tenant_id = :tenant AND q.state <> 'queued' AND q.fence = :fence
               AND q.claims = coalesce(t.claim, q.claims)
               FOR UPDATE) AS d
), gone AS (
    DELETE FROM dispatch AS d USING held AS h
     WHERE d.id = h.id AND h.next_state <> 'queued'
    RETURNING d.id, d.batch_id, d.attempts, d.purpose_version, d.consent_event_id, d.approval_event_id,
              d.basis_event_id, d.notice_version_id, h.next_state, h.wamid_hash, h.meta_code, h.reason, h.burnt
), back AS (
    UPDATE dispatch AS d
       SET state = 'queued', fence = NULL, lease_until = NULL, attempts = d.attempts + h.burnt,
           unsure = d.unsure OR h.unsure, waits_for = CASE WHEN h.unsure THEN 'lost_answer' END,
           due_at = clock_timestamp() + make_interval(secs => h.retry_s)
      FROM held AS h
     WHERE d.id = h.id AND h.next_state = 'queued'
    RETURNING d.id, d.batch_id, h.meta_code, h.reason, h.burnt, h.unsure, d.due_at
), kept AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, meta_code, wamid_hash, purpose_version, consent_event_id,
                          approval_event_id, basis_event_id, notice_version_id, attempts, sent_at, failed_at)
    -- what is uncertain has no code of its own, which a later status would have to take away: only the log says it
    SELECT id, :tenant, batch_id, next_state, reason, CASE WHEN next_state <> 'uncertain' THEN meta_code END, wamid_hash,
           purpose_version, consent_event_id, approval_event_id, basis_event_id, notice_version_id, attempts + burnt,
           CASE next_state WHEN 'sent' THEN clock_timestamp() END,
           CASE next_state WHEN 'failed' THEN clock_timestamp() END
      FROM gone
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, meta_code, fence, until)
    SELECT id, :tenant, next_state, reason, meta_code, :fence, NULL FROM gone
    UNION ALL
    SELECT id, :tenant, CASE WHEN unsure THEN 'uncertain' WHEN reason = 'provider_later' THEN 'deferred' ELSE 'returned' END,
           reason, meta_code, :fence, CASE WHEN unsure OR reason = 'provider_later' THEN due_at END
      FROM back
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
    SELECT :tenant, batch_id, 'sending', NULL, -count(*) FROM gone GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, 'sending', NULL, -count(*) FROM back GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, next_state, NULL, count(*) FROM gone GROUP BY batch_id, next_state
    UNION ALL
    SELECT :tenant, batch_id, 'queued', NULL, count(*) FROM back GROUP BY batch_id
)
SELECT ((SELECT count(*) FROM gone) + (SELECT count(*) FROM back))::int AS recorded
