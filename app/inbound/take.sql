-- Lease the next webhooks. Commit follows at once; the lease is the moved `due_at`, not a lock.
-- In:  limit (rows), bytes (of sealed bodies, a first larger one comes alone), lease_s.
-- Out: raw_id, tries, received_at, body_ct (NULL when the raw partition was dropped already); those in
--      which people speak come first, each kind in the order in which it came.
WITH picked AS MATERIALIZED (
    SELECT q.raw_id, q.urgent
      FROM webhook_queue AS q
     WHERE q.due_at <= clock_timestamp()
     ORDER BY q.urgent DESC, q.raw_id
     LIMIT :limit
       FOR UPDATE SKIP LOCKED
), sized AS MATERIALIZED (
    SELECT p.raw_id,
           sum(coalesce(octet_length(r.body_ct), 0)) OVER (ORDER BY p.urgent DESC, p.raw_id)
               - coalesce(octet_length(r.body_ct), 0) AS bytes_before
      FROM picked AS p LEFT JOIN webhook_raw AS r ON r.id = p.raw_id
), taken AS (
    -- An array and not a join: with statistics from when the queue was empty, a join compared each row that waits with
    -- each of the page (2.2 s for 1,000 of 10,000).
    UPDATE webhook_queue AS q
       SET tries = least(q.tries + 1, 30000), due_at = clock_timestamp() + make_interval(secs => :lease_s)
     WHERE q.raw_id = ANY (ARRAY(SELECT s.raw_id FROM sized AS s WHERE s.bytes_before < :bytes))
    RETURNING q.raw_id, q.tries, q.urgent
)
SELECT t.raw_id, t.tries, r.received_at, r.body_ct
  FROM taken AS t LEFT JOIN webhook_raw AS r ON r.id = t.raw_id
 ORDER BY t.urgent DESC, t.raw_id
