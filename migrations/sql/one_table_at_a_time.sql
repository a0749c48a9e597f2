-- ANALYZE the next table (by oid, after the given one) that has grown to more than four times what it was when that was
-- done last: its size, or the rows in it (from ten thousand on). Which one that was; NULL when none is left.
-- One table for each transaction: an ANALYZE that is rolled back leaves a table that looks analyzed and is not.
-- What somebody else holds is left out, and what another worker is about is left to it.
CREATE FUNCTION analyze_next_v1(after oid) RETURNS oid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$
DECLARE
    grown regclass;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('toplu.analyze_grown')) THEN
        RETURN NULL;
    END IF;
    SELECT c.oid INTO grown FROM pg_class AS c
     WHERE c.relnamespace = 'toplu'::regnamespace AND c.relkind = 'r' AND c.oid > after
       AND (pg_relation_size(c.oid) > greatest(20, 4 * CAST(c.relpages AS bigint)) * CAST(current_setting('block_size') AS int)
            OR pg_stat_get_live_tuples(c.oid) > greatest(10000, 4 * c.reltuples))
     ORDER BY c.oid LIMIT 1;
    IF grown IS NOT NULL THEN
        EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
    END IF;
    RETURN grown;
END $$;
REVOKE ALL ON FUNCTION analyze_next_v1(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analyze_next_v1(oid) TO toplu_worker;
-- analyze_grown_v1 stays: a worker of the version before may still call it while this one is rolled out.
