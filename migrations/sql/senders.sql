-- From which number: senders, and each sender's line (who drains it, with which fence, how fast it may speak).

CREATE TABLE senders (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    phone_number_id text NOT NULL UNIQUE,
    waba_id text NOT NULL,
    display_phone_number text NOT NULL,
    token_ct bytea NOT NULL,
    token_last4 text NOT NULL,
    messages_per_second int NOT NULL DEFAULT 80 CHECK (messages_per_second BETWEEN 1 AND 1000),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version int NOT NULL DEFAULT 1
);
SELECT guard_tenant_rows('senders');
CREATE INDEX senders_tenant_id ON senders (tenant_id, id);

CREATE TABLE sender_lines (
    sender_id uuid PRIMARY KEY REFERENCES senders,
    tenant_id uuid NOT NULL,
    owner text,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    halted_until timestamptz NOT NULL DEFAULT '-infinity',
    halted_code int,
    halted_scope text
) WITH (fillfactor = 50);
SELECT guard_tenant_rows('sender_lines');

CREATE VIEW senders_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, name, phone_number_id, waba_id, display_phone_number, token_ct, messages_per_second, state, version FROM senders;

CREATE VIEW sender_lines_v1 WITH (security_invoker = true) AS
SELECT sender_id, tenant_id, owner, fence, lease_until, halted_until, halted_code, halted_scope FROM sender_lines;

GRANT SELECT, INSERT, UPDATE ON senders TO toplu_api;
GRANT SELECT, INSERT, UPDATE ON sender_lines TO toplu_api, toplu_worker;
GRANT SELECT ON senders TO toplu_worker;
GRANT SELECT ON senders_v1 TO toplu_api, toplu_worker;
GRANT SELECT, UPDATE ON sender_lines_v1 TO toplu_api, toplu_worker;

-- Crossing 2: a webhook names a number before the tenant is known.
GRANT SELECT ON senders, sender_lines TO toplu_crossing;
CREATE POLICY crossing ON senders FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing ON sender_lines FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION find_senders_v1(wanted text[])
    RETURNS TABLE (phone_number_id text, sender_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT s.phone_number_id, s.id, s.tenant_id FROM senders AS s WHERE s.phone_number_id = ANY (wanted) $$;
