-- Roles' shared ground: who the caller's tenant is, ids, business time, append-only guard, partitions.
-- The three roles (toplu_owner, toplu_api, toplu_worker) and toplu_crossing exist before this runs (env.py).

GRANT USAGE ON SCHEMA toplu TO toplu_api, toplu_worker, toplu_crossing;

-- The tenant of this transaction. After a transaction the setting reads '' and not NULL,
-- so without nullif the cast would fail instead of denying.
CREATE FUNCTION current_tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('toplu.tenant', true), '')::uuid;

-- A time-ordered id (RFC 9562 version 7). PostgreSQL 18 has it built in; 16 and 17 get the same layout in SQL.
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        EXECUTE 'CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE RETURN uuidv7()';
    ELSE
        EXECUTE $f$
            CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS
            $b$ SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
                        || '7' || substr(r, 14, 3) || substr(r, 17, 16))::uuid
                  FROM (SELECT replace(gen_random_uuid()::text, '-', '') AS r) AS random $b$ $f$;
    END IF;
END $$;

-- The smallest id of a moment: the boundary of a partition by time.
CREATE FUNCTION id_floor(at timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Business time (quiet hours, expiry, grace dates) can be shifted, but only in a test database.
CREATE TABLE business_clock (
    only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
    shift interval NOT NULL
);
ALTER TABLE business_clock ADD CONSTRAINT business_clock_is_for_tests
    CHECK (shift = interval '0' OR current_database() LIKE 'toplu\_test%');
INSERT INTO business_clock (shift) VALUES (interval '0');
GRANT SELECT ON business_clock TO toplu_api, toplu_worker, toplu_crossing;

CREATE FUNCTION business_now() RETURNS timestamptz
    LANGUAGE sql STABLE
    SET search_path = toplu, pg_temp
    RETURN clock_timestamp() + (SELECT shift FROM business_clock);

-- Append-only means the database says no.
CREATE FUNCTION refuse_rewrite() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION make_append_only(target regclass) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()', target);
    -- The first hears statements that name the table. This one is cloned onto every partition, also later ones, so
    -- naming a partition is no way around it.
    EXECUTE format('CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON %s '
                   'FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()', target);
END $$;

-- The second wall around a tenant's rows, under every query. FORCE: the owner is bound as well.
CREATE FUNCTION guard_tenant_rows(target regclass) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %s USING (tenant_id = current_tenant()) '
                   'WITH CHECK (tenant_id = current_tenant())', target);
END $$;

-- Months from the current one to `ahead` months later get a partition of their own; a default one
-- catches what falls outside. Safe to run again. Partitions carry the same guard as their parent,
-- though nobody is granted direct access to them.
CREATE FUNCTION ensure_partitions(ahead int DEFAULT 3) RETURNS int
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
    LOOP
        FOR step IN 0..ahead LOOP
            month := date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => step);
            name := format('%s_%s', parent.relname, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            CONTINUE WHEN to_regclass(format('toplu.%I', name)) IS NOT NULL;
            EXECUTE format('CREATE TABLE toplu.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', name,
                           parent.relation, id_floor(month), id_floor(month + interval '1 month'));
            IF parent.guarded THEN
                PERFORM guard_tenant_rows(format('toplu.%I', name)::regclass);
            END IF;
            made := made + 1;
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
REVOKE ALL ON FUNCTION ensure_partitions(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(int) TO toplu_worker;
REVOKE ALL ON FUNCTION guard_tenant_rows(regclass), make_append_only(regclass) FROM PUBLIC;

-- Which workers are alive, for readiness and operators. Holds nothing of a tenant.
CREATE TABLE heartbeats (
    worker_id text PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT ON heartbeats, alembic_version TO toplu_api;
GRANT SELECT ON alembic_version TO toplu_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON heartbeats TO toplu_worker;
