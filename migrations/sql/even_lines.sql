-- A crossing: how many lines each worker drains that lives, over all tenants. Names workers and numbers, nothing else.
-- Eight seconds: a heartbeat comes every five, and the leases of a worker that was killed last about as long, so that it
-- does not look like one that has nothing to do. If it does: a line that nobody takes goes back to who gave it.
GRANT SELECT ON heartbeats TO toplu_crossing;
CREATE FUNCTION lines_held_v1()
    RETURNS TABLE (worker_id text, n bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT h.worker_id, count(l.sender_id)
     FROM heartbeats AS h
     LEFT JOIN sender_lines AS l ON l.owner = h.worker_id AND l.lease_until > clock_timestamp()
    WHERE h.seen_at > clock_timestamp() - interval '8 s'
    GROUP BY h.worker_id $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION lines_held_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION lines_held_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lines_held_v1() TO toplu_worker;
