-- A restored database has forgotten what it sent and what people took back. It must not send until that is dealt with.

-- One row: which database this is, and whether it may send. `system_identifier`, `timeline`, `database_oid` and
-- `table_oid` are what PostgreSQL itself changes when a database is restored: another cluster, a recovery that ended or
-- a standby that was promoted, another database, a dump loaded into this one. NULL until the first worker looked.
-- `installation` names it outside of itself; `seen_at` is the last moment that a worker saw it whole.
CREATE TABLE restore_guard (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch int NOT NULL DEFAULT 1,
    installation uuid,
    system_identifier bigint,
    timeline text,
    database_oid oid,
    table_oid oid,
    seen_at timestamptz,
    quarantined_at timestamptz,
    reason text CHECK (reason IN ('another_cluster', 'another_timeline', 'another_database', 'loaded_again', 'went_back',
                                  'operator'))
) WITH (fillfactor = 50);
INSERT INTO restore_guard DEFAULT VALUES;

-- Each quarantine that ended: what may have been forgotten, what was done about it, and who answers for it.
CREATE TABLE restore_releases (
    epoch int PRIMARY KEY,
    quarantined_at timestamptz NOT NULL,
    reason text NOT NULL,
    forgotten_since timestamptz,
    uncertain bigint NOT NULL,
    released_by text NOT NULL,
    nothing_was_sent boolean NOT NULL,
    released_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT make_append_only('restore_releases');

-- Which database this is now, as PostgreSQL tells it.
CREATE VIEW database_identity_v1 WITH (security_invoker = true) AS
SELECT (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
       left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline,
       (SELECT oid FROM pg_database WHERE datname = current_database()) AS database_oid,
       CAST(CAST('toplu.restore_guard' AS regclass) AS oid) AS table_oid;

-- Whether anything may leave this database: one row, or none. Asked in the statements that claim, so that there is no
-- moment between a restore and its being noticed.
CREATE VIEW sending_allowed_v1 WITH (security_invoker = true) AS
SELECT g.epoch
  FROM restore_guard AS g CROSS JOIN database_identity_v1 AS i
 WHERE g.quarantined_at IS NULL
   AND (g.installation IS NULL
        OR (g.system_identifier, g.timeline, g.database_oid, g.table_oid)
         = (i.system_identifier, i.timeline, i.database_oid, i.table_oid));

GRANT SELECT ON restore_guard, restore_releases, database_identity_v1, sending_allowed_v1 TO toplu_api, toplu_worker;
GRANT UPDATE ON restore_guard TO toplu_worker;
GRANT INSERT ON restore_releases TO toplu_worker;

-- Months ahead, for every partitioned table. One whose default partition already holds rows of a month cannot get that
-- month: it is said, and the others get theirs.
CREATE OR REPLACE FUNCTION ensure_partitions(ahead int DEFAULT 3) RETURNS int
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = toplu, pg_temp AS $$
DECLARE
    parent record;
    month timestamptz;
    made int := 0;
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('toplu.ensure_partitions'));
    FOR parent IN
        SELECT c.oid::regclass AS relation, c.relname, c.relforcerowsecurity AS guarded
          FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid
         WHERE c.relnamespace = 'toplu'::regnamespace
         ORDER BY c.relname
    LOOP
        FOR step IN 0..ahead LOOP
            month := date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => step);
            name := format('%s_%s', parent.relname, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            CONTINUE WHEN to_regclass(format('toplu.%I', name)) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE toplu.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', name,
                               parent.relation, id_floor(month), id_floor(month + interval '1 month'));
                IF parent.guarded THEN
                    PERFORM guard_tenant_rows(format('toplu.%I', name)::regclass);
                END IF;
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                NULL; -- its rows are in the default partition and stay readable there; `missing_partitions_v1` tells
            END;
        END LOOP;
    END LOOP;
    -- A TRUNCATE trigger is not cloned, so every partition of an append-only table gets its own.
    FOR parent IN
        SELECT i.inhrelid::regclass AS relation
          FROM pg_inherits AS i JOIN pg_trigger AS t ON t.tgrelid = i.inhparent AND t.tgname = 'append_only'
         WHERE NOT EXISTS (SELECT FROM pg_trigger AS own
                            WHERE own.tgrelid = i.inhrelid AND own.tgname = 'append_only_truncate')
    LOOP
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()', parent.relation);
    END LOOP;
    RETURN made;
END $$;

-- Which months have no partition of their own although they are near: their rows go to the default partition.
CREATE VIEW missing_partitions_v1 WITH (security_invoker = true) AS
SELECT c.relname AS table_name, to_char(m.month AT TIME ZONE 'UTC', 'YYYY-MM') AS month
  FROM pg_partitioned_table AS p
  JOIN pg_class AS c ON c.oid = p.partrelid AND c.relnamespace = 'toplu'::regnamespace
 CROSS JOIN LATERAL (SELECT date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => step) AS month
                       FROM generate_series(0, 3) AS step) AS m
 WHERE to_regclass(format('toplu.%I', format('%s_%s', c.relname, to_char(m.month AT TIME ZONE 'UTC', 'YYYY_MM')))) IS NULL;
GRANT SELECT ON missing_partitions_v1 TO toplu_worker;
