-- What could be in the way of a batch.
-- In:  tenant, batch.
-- Out: one row: allowed (whether anything may leave this database), sender_state, template_status, in_review and bound (its
--      words wait for a decision; it may carry the purpose), halted_scope, halted_until, halted (still), workers (alive),
--      next_at (when its first queued message is due; NULL: none is queued), waits (that is still to come).
SELECT EXISTS (SELECT FROM sending_allowed_v1) AS allowed, s.state AS sender_state, t.status AS template_status,
       t.review IN ('needs_review', 'rejected') AS in_review, b.purpose_id = ANY (t.purpose_ids) AS bound,
       l.halted_scope, l.halted_until,
       coalesce(l.halted_until > clock_timestamp(), false) AS halted,
       (SELECT count(*) FROM heartbeats AS h WHERE h.seen_at > clock_timestamp() - interval '30 s') AS workers,
       q.due_at AS next_at, coalesce(q.due_at > clock_timestamp(), false) AS waits
  FROM batches AS b
  JOIN senders_v1 AS s ON s.tenant_id = b.tenant_id AND s.id = b.sender_id
  JOIN templates_v1 AS t ON t.tenant_id = b.tenant_id AND t.id = b.template_id
  LEFT JOIN sender_lines_v1 AS l ON l.tenant_id = b.tenant_id AND l.sender_id = b.sender_id
  LEFT JOIN LATERAL (
        SELECT d.due_at FROM dispatch AS d
         WHERE d.batch_id = b.id AND d.state = 'queued' ORDER BY d.due_at, d.id LIMIT 1) AS q ON true
 WHERE b.tenant_id = :tenant AND b.id = :batch
