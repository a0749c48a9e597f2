-- Who is asking: tenants, their wrapped data keys, API keys, idempotency records, and the audit of administrative acts.

CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('tenants');

-- Both keys are wrapped by the master key. Losing the master key loses every phone number.
CREATE TABLE tenant_keys (
    tenant_id uuid NOT NULL REFERENCES tenants,
    key_number int NOT NULL,
    wrapped_data_key bytea NOT NULL,
    wrapped_hash_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, key_number)
);
SELECT guard_tenant_rows('tenant_keys');

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    public_id text NOT NULL UNIQUE,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
SELECT guard_tenant_rows('api_keys');
CREATE INDEX api_keys_tenant_id ON api_keys (tenant_id, id);

-- One remembered answer. The key is a keyed hash; `body` holds headers and body, sealed with the tenant's data key.
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    fingerprint bytea NOT NULL,
    status int NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, key)
);
SELECT guard_tenant_rows('idempotency_keys');
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

CREATE TABLE audit_events (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    object_id text,
    detail jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('audit_events');
SELECT make_append_only('audit_events');
CREATE INDEX audit_events_tenant_id ON audit_events (tenant_id, id);

GRANT SELECT, INSERT ON tenants, tenant_keys, audit_events TO toplu_api;
GRANT SELECT, INSERT, UPDATE ON api_keys TO toplu_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO toplu_api;
GRANT SELECT ON tenants, tenant_keys TO toplu_worker;
GRANT SELECT, INSERT ON audit_events TO toplu_worker;
GRANT SELECT, DELETE ON idempotency_keys TO toplu_worker;

-- Crossing 1: a key is presented before the tenant is known.
GRANT SELECT ON api_keys TO toplu_crossing;
CREATE POLICY crossing ON api_keys FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION find_api_key_v1(wanted text)
    RETURNS TABLE (id uuid, tenant_id uuid, secret_hash bytea, scopes text[],
                   expires_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT k.id, k.tenant_id, k.secret_hash, k.scopes, k.expires_at, k.revoked_at
     FROM api_keys AS k WHERE k.public_id = wanted $$;
