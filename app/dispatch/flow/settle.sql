-- Statement 2 of settling: log each status once, and let the outcome climb to the strongest evidence.
-- Duplicates meet the unique key of the log and change nothing; what came late or out of order never moves a state down.
-- `failed` gives way to `delivered`: with several devices both are reported, and both stay in the log.
-- Unknown messages are parked: the status may have overtaken a commit, or the message is not ours.
-- In:  tenant, and parallel arrays ids[], kinds[], provider_ats[], codes[], wamid_hashes[], dedupes[].
-- Out: one row: fresh (statuses logged now), parked (unknown).
WITH told AS (
    SELECT DISTINCT ON (id, dedupe) *
      FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:provider_ats AS timestamptz[]),
                  CAST(:codes AS int[]), CAST(:wamid_hashes AS uuid[]), CAST(:dedupes AS uuid[]))
           AS t (id, kind, provider_at, meta_code, wamid_hash, dedupe)
     ORDER BY id, dedupe
), held AS MATERIALIZED (
    SELECT o.id, o.state, o.batch_id FROM outcomes AS o
     WHERE o.id = ANY (CAST(:ids AS uuid[])) AND o.tenant_id = :tenant
     ORDER BY o.id
       FOR UPDATE
), fresh AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, provider_at, meta_code, dedupe)
    SELECT t.id, :tenant, t.kind, t.provider_at, t.meta_code, t.dedupe FROM told AS t JOIN held AS h USING (id)
    ON CONFLICT (message_id, dedupe) WHERE dedupe IS NOT NULL DO NOTHING
    RETURNING message_id AS id, kind, provider_at, meta_code, dedupe
), news AS (
    SELECT f.id,
           max(array_position(ARRAY['sent', 'failed', 'delivered', 'read'], f.kind)) AS rank,
           min(f.provider_at) FILTER (WHERE f.kind = 'sent') AS sent_at,
           min(f.provider_at) FILTER (WHERE f.kind = 'delivered') AS delivered_at,
           min(f.provider_at) FILTER (WHERE f.kind = 'read') AS read_at,
           min(f.provider_at) FILTER (WHERE f.kind = 'failed') AS failed_at,
           max(f.meta_code) FILTER (WHERE f.kind = 'failed') AS meta_code,
           (array_agg(t.wamid_hash))[1] AS wamid_hash
      FROM fresh AS f JOIN told AS t ON t.id = f.id AND t.dedupe = f.dedupe
     GROUP BY f.id
), climbed AS (
    UPDATE outcomes AS o
       SET state = CASE WHEN n.rank > coalesce(array_position(ARRAY['sent', 'failed', 'delivered', 'read'], h.state), 0)
                        THEN (ARRAY['sent', 'failed', 'delivered', 'read'])[n.rank] ELSE o.state END,
           sent_at = least(o.sent_at, n.sent_at),
           delivered_at = least(o.delivered_at, n.delivered_at),
           read_at = least(o.read_at, n.read_at),
           failed_at = least(o.failed_at, n.failed_at),
           -- of several failures the largest code, so that their order does not matter; an uncertain answer's code goes
           meta_code = CASE WHEN o.failed_at IS NULL THEN coalesce(n.meta_code, o.meta_code)
                            ELSE greatest(o.meta_code, n.meta_code) END,
           -- the reason of a failure goes with the failure: it stays only while nothing stronger is known
           reason = CASE greatest(n.rank, coalesce(array_position(ARRAY['sent', 'failed', 'delivered', 'read'], h.state), 0))
                        WHEN 2 THEN coalesce(CASE WHEN h.state = 'failed' THEN o.reason END, 'told_by_webhook') END,
           wamid_hash = coalesce(o.wamid_hash, n.wamid_hash)
      FROM news AS n, held AS h
     WHERE o.id = n.id AND h.id = n.id AND h.state IN ('uncertain', 'sent', 'failed', 'delivered', 'read')
    RETURNING o.id, o.batch_id, h.state AS old_state, o.state AS new_state
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, n)
    SELECT :tenant, batch_id, old_state, -count(*) FROM climbed WHERE old_state <> new_state GROUP BY 2, 3
    UNION ALL
    SELECT :tenant, batch_id, new_state, count(*) FROM climbed WHERE old_state <> new_state GROUP BY 2, 3
), parked AS (
    INSERT INTO parked_statuses (tenant_id, message_id, dedupe, kind, provider_at, meta_code, wamid_hash)
    SELECT :tenant, t.id, t.dedupe, t.kind, t.provider_at, t.meta_code, t.wamid_hash
      FROM told AS t WHERE NOT EXISTS (SELECT FROM held AS h WHERE h.id = t.id)
    ON CONFLICT DO NOTHING
    RETURNING message_id
)
SELECT (SELECT count(*) FROM fresh)::int AS fresh, (SELECT count(*) FROM parked)::int AS parked,
       (SELECT count(*) FROM climbed WHERE old_state = 'uncertain' AND new_state <> 'uncertain')::int AS resolved
