-- The running batches of a sender, with what each has still to send. Counted from the counters, not from the queue.
-- In:  tenant, sender.
-- Out: one row per batch: id, lane's category, queued, sending, waits_for and waits_until (NULL: it does not wait),
--      expires_at, now (business time).
SELECT b.id, t.category, b.expires_at, business_now() AS now,
       CASE WHEN b.waits_until > business_now() THEN b.waits_for END AS waits_for,
       CASE WHEN b.waits_until > business_now() THEN b.waits_until END AS waits_until,
       coalesce(sum(c.n) FILTER (WHERE c.state = 'queued'), 0)::int AS queued,
       coalesce(sum(c.n) FILTER (WHERE c.state = 'sending'), 0)::int AS sending
  FROM batches AS b
  JOIN templates_v1 AS t ON t.tenant_id = b.tenant_id AND t.id = b.template_id
  LEFT JOIN batch_counts AS c ON c.tenant_id = b.tenant_id AND c.batch_id = b.id AND c.state IN ('queued', 'sending')
 WHERE b.tenant_id = :tenant AND b.sender_id = :sender AND b.state = 'running'
 GROUP BY b.id, t.category
 ORDER BY b.id
