-- Compare what webhooks told about some messages with what is kept about them: the log, the outcomes, what is parked.
-- The outcome is worked out anew from what was told and from our own entries of the log.
-- In:  tenant, and parallel arrays ids[], dedupes[], kinds[], provider_ats[], codes[] (every status told about them until :until).
--      A message of which something was written since went on while we looked, and nothing is said about it.
-- Out: message_id, what differs; nothing when all of it is equal.
WITH told AS MATERIALIZED (
    SELECT DISTINCT ON (id, dedupe) *
      FROM unnest(CAST(:ids AS uuid[]), CAST(:dedupes AS uuid[]), CAST(:kinds AS text[]),
                  CAST(:provider_ats AS timestamptz[]), CAST(:codes AS int[]))
           AS t (id, dedupe, kind, provider_at, meta_code)
     WHERE NOT EXISTS (SELECT FROM delivery_events AS e
                        WHERE e.tenant_id = :tenant AND e.message_id = t.id AND e.dedupe IS NOT NULL AND e.at >= :until)
), known AS MATERIALIZED (
    SELECT o.* FROM outcomes AS o WHERE o.tenant_id = :tenant AND o.id = ANY (CAST(:ids AS uuid[]))
), own AS (
    SELECT e.message_id AS id, max(array_position(ARRAY['sent', 'failed'], e.kind)) AS rank
      FROM delivery_events AS e
     WHERE e.tenant_id = :tenant AND e.message_id = ANY (CAST(:ids AS uuid[])) AND e.dedupe IS NULL
     GROUP BY 1
), rebuilt AS (
    SELECT t.id,
           greatest(max(array_position(ARRAY['sent', 'failed', 'delivered', 'read'], t.kind)), max(w.rank)) AS rank,
           max(w.rank) = 2 AS we_failed,
           min(t.provider_at) FILTER (WHERE t.kind = 'sent') AS sent_at,
           min(t.provider_at) FILTER (WHERE t.kind = 'delivered') AS delivered_at,
           min(t.provider_at) FILTER (WHERE t.kind = 'read') AS read_at,
           min(t.provider_at) FILTER (WHERE t.kind = 'failed') AS failed_at,
           max(t.meta_code) FILTER (WHERE t.kind = 'failed') AS meta_code
      FROM told AS t LEFT JOIN own AS w ON w.id = t.id
     GROUP BY t.id
)
SELECT t.id AS message_id, 'status_not_logged' AS what
  FROM told AS t JOIN known AS k ON k.id = t.id
 WHERE NOT EXISTS (SELECT FROM delivery_events AS e
                    WHERE e.message_id = t.id AND e.dedupe = t.dedupe AND e.tenant_id = :tenant
                      AND (e.kind, e.provider_at) = (t.kind, t.provider_at)
                      AND e.meta_code IS NOT DISTINCT FROM t.meta_code)
UNION
SELECT t.id, 'status_not_parked'
  FROM told AS t
 WHERE NOT EXISTS (SELECT FROM known AS k WHERE k.id = t.id)
   AND t.provider_at > clock_timestamp() - interval '7 days' -- later they are forgotten
   AND NOT EXISTS (SELECT FROM parked_statuses AS p
                    WHERE p.tenant_id = :tenant AND p.message_id = t.id AND p.dedupe = t.dedupe)
UNION
SELECT r.id, unnest(array_remove(ARRAY[
           CASE WHEN k.state IN ('refused', 'expired', 'cancelled') THEN NULL
                WHEN k.state <> (ARRAY['sent', 'failed', 'delivered', 'read'])[r.rank] THEN 'state' END,
           CASE WHEN k.delivered_at IS DISTINCT FROM r.delivered_at THEN 'delivered_at' END,
           CASE WHEN k.read_at IS DISTINCT FROM r.read_at THEN 'read_at' END,
           -- our own clock may have been first with these two
           CASE WHEN coalesce(k.failed_at > r.failed_at, r.failed_at IS NOT NULL)
                  OR (NOT coalesce(r.we_failed, false) AND k.failed_at IS DISTINCT FROM r.failed_at) THEN 'failed_at' END,
           CASE WHEN r.sent_at IS NOT NULL AND coalesce(k.sent_at > r.sent_at, true) THEN 'sent_at' END,
           CASE WHEN NOT coalesce(r.we_failed, false) AND r.failed_at IS NOT NULL AND r.meta_code <> coalesce(k.meta_code, 0)
                THEN 'meta_code' END], NULL))
  FROM rebuilt AS r JOIN known AS k ON k.id = r.id
 WHERE k.state NOT IN ('refused', 'expired', 'cancelled')
