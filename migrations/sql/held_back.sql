-- Until when WhatsApp wants no marketing to a person (131049): of whichever sender, batch and purpose.
-- Claims read it with the counts that they lock anyway.
ALTER TABLE frequency_counts ADD COLUMN held_until timestamptz;

-- squawk-ignore ban-drop-constraint -- the next statement puts a wider one in its place
ALTER TABLE dispatch DROP CONSTRAINT dispatch_waits_for_check;
ALTER TABLE dispatch ADD CONSTRAINT dispatch_waits_for_check
    CHECK (waits_for IN ('frequency_cap', 'engagement_hold', 'lost_answer')) NOT VALID;
ALTER TABLE dispatch VALIDATE CONSTRAINT dispatch_waits_for_check;

-- What version the sender had when its batch began to wait: a change of its limit counts that up, and the sweep asks again.
ALTER TABLE batches ADD COLUMN waits_version int;

-- A crossing: what whoever watches the installation wants to know, as sums over all tenants. Only batches that are open
-- are looked at, and of each its counters and the first of its queue, so it costs the same for a million messages.
GRANT SELECT ON batch_counts TO toplu_crossing;
CREATE POLICY crossing ON batch_counts FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION sending_now_v1()
    RETURNS TABLE (what text, which text, n float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ WITH open AS MATERIALIZED (
       SELECT b.id, b.state = 'running' AS runs, b.waits_for, coalesce(b.waits_until > business_now(), false) AS waits
         FROM batches AS b WHERE b.state IN ('scheduled', 'running', 'paused', 'loading')
   )
   SELECT 'messages', s.state, CAST(coalesce(sum(c.n), 0) AS float8)
     FROM (VALUES ('queued'), ('sending'), ('uncertain')) AS s (state)
     LEFT JOIN (SELECT c.state, c.n FROM open AS o JOIN batch_counts AS c ON c.batch_id = o.id) AS c USING (state)
    GROUP BY s.state
   UNION ALL
   SELECT 'waiting', o.waits_for, CAST(count(*) AS float8) FROM open AS o WHERE o.runs AND o.waits GROUP BY o.waits_for
   UNION ALL
   SELECT 'oldest_due', '', CAST(coalesce(max(extract(epoch FROM clock_timestamp() - q.due_at)), 0) AS float8)
     FROM open AS o
    CROSS JOIN LATERAL (
          SELECT d.due_at FROM dispatch AS d
           WHERE d.batch_id = o.id AND d.state = 'queued' ORDER BY d.due_at LIMIT 1) AS q
    WHERE o.runs AND NOT o.waits AND q.due_at <= clock_timestamp()
   UNION ALL
   SELECT 'halted', l.halted_scope, CAST(count(*) AS float8)
     FROM sender_lines AS l WHERE l.halted_until > clock_timestamp() AND l.halted_scope IS NOT NULL
    GROUP BY l.halted_scope $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION sending_now_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION sending_now_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sending_now_v1() TO toplu_api;
