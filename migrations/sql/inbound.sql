-- What WhatsApp tells us, kept raw (encrypted) before it is acknowledged. A body may speak of several tenants'
-- numbers, so these two tables have no tenant: the API may only add, the worker only read and take from the queue.

CREATE TABLE webhook_raw (
    id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body_ct bytea NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE TABLE webhook_raw_default PARTITION OF webhook_raw DEFAULT;
SELECT make_append_only('webhook_raw');

-- What is still to be read. `urgent`: a person speaks in it, and a STOP must not wait behind a million statuses.
CREATE TABLE webhook_queue (
    raw_id uuid PRIMARY KEY,
    urgent bool NOT NULL DEFAULT false,
    tries smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX webhook_queue_turns ON webhook_queue (urgent DESC, raw_id);

-- What people wrote, without the words, so that a repeated delivery acts once. The fingerprint is a keyed hash of the
-- provider's id, which has the phone number in it. `keyword` is the folded stop word; a STOP suppresses at once, and
-- `withdrawn_at` says when the consents were withdrawn as well (a running import may hold those rows for a moment).
CREATE TABLE inbound_messages (
    tenant_id uuid NOT NULL,
    fingerprint uuid NOT NULL,
    person_id uuid,
    sender_id uuid NOT NULL,
    kind text NOT NULL,
    keyword text,
    provider_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    withdrawn_at timestamptz,
    PRIMARY KEY (tenant_id, fingerprint)
);
SELECT guard_tenant_rows('inbound_messages');
CREATE INDEX inbound_messages_stops ON inbound_messages (tenant_id, person_id, seen_at) WHERE keyword IS NOT NULL;

GRANT INSERT ON webhook_raw, webhook_queue TO toplu_api;
GRANT SELECT ON webhook_queue TO toplu_api;
GRANT SELECT ON webhook_raw TO toplu_worker;
GRANT SELECT, UPDATE, DELETE ON webhook_queue TO toplu_worker;
GRANT SELECT, INSERT, UPDATE ON inbound_messages TO toplu_worker;
