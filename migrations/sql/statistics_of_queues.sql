-- ANALYZE what has grown to more than four times what it was when that was done last: its size, or the rows in it, since
-- a queue that was emptied is filled again without growing. How many tables that were.
-- Autovacuum does the same, a minute later or more, and forgets what has grown when the server crashes: the size it can
-- always see. The count is off by a second or two of what comes and goes, hence from ten thousand rows on.
-- What somebody else holds is left out, and what another worker is about is left to it.
CREATE OR REPLACE FUNCTION analyze_grown_v1() RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$
DECLARE
    grown regclass;
    done int := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('toplu.analyze_grown')) THEN
        RETURN 0;
    END IF;
    FOR grown IN
        SELECT c.oid::regclass FROM pg_class AS c
         WHERE c.relnamespace = 'toplu'::regnamespace AND c.relkind = 'r'
           AND (pg_relation_size(c.oid) > greatest(20, 4 * CAST(c.relpages AS bigint)) * CAST(current_setting('block_size') AS int)
                OR pg_stat_get_live_tuples(c.oid) > greatest(10000, 4 * c.reltuples))
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
        done := done + 1;
    END LOOP;
    RETURN done;
END $$;
