-- A batch's whole life. A message's current state has exactly one home: `dispatch` (narrow, hot: queued, sending)
-- or `outcomes` (narrow, one row for ever). Hot tables carry no foreign keys: the rows are written by set
-- statements that join what they refer to, and a key check per row would double their cost.

CREATE TABLE batches (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    sender_id uuid NOT NULL REFERENCES senders,
    template_id uuid NOT NULL REFERENCES templates,
    template_version int NOT NULL,
    template_name text NOT NULL,
    template_language text NOT NULL,
    parameter_format text NOT NULL,
    variables text[] NOT NULL,
    purpose_id smallint NOT NULL REFERENCES purposes,
    purpose_version int NOT NULL,
    delivery_policy text NOT NULL,
    on_invalid text NOT NULL CHECK (on_invalid IN ('reject', 'skip')),
    state text NOT NULL CHECK (state IN ('draft', 'loading', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed')),
    state_reason text,
    total int NOT NULL DEFAULT 0,
    send_at timestamptz,
    expires_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    reference text,
    metadata jsonb NOT NULL DEFAULT '{}',
    version int NOT NULL DEFAULT 1
) WITH (fillfactor = 80);
SELECT guard_tenant_rows('batches');
CREATE INDEX batches_tenant_id ON batches (tenant_id, id);
CREATE INDEX batches_running ON batches (sender_id, id) WHERE state = 'running';
CREATE INDEX batches_open ON batches (tenant_id) WHERE state IN ('scheduled', 'running', 'paused', 'loading');
CREATE INDEX batches_cancelled ON batches (ended_at) WHERE state = 'cancelled';

-- A stream of recipients. Its rows count only when it closed with all of them: a cut stream is swept away.
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL REFERENCES batches,
    state text NOT NULL CHECK (state IN ('open', 'closed', 'aborted')),
    media_type text NOT NULL,
    row_count int NOT NULL DEFAULT 0,
    body_digest bytea,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz
);
SELECT guard_tenant_rows('uploads');
CREATE UNIQUE INDEX uploads_one_open ON uploads (batch_id) WHERE state = 'open';
CREATE INDEX uploads_batch ON uploads (batch_id, id);

-- One recipient once per batch: by person where known, by keyed hash where not.
CREATE TABLE batch_members (
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    recipient_key uuid NOT NULL,
    upload_id uuid NOT NULL,
    PRIMARY KEY (batch_id, recipient_key)
);
SELECT guard_tenant_rows('batch_members');

-- Wide, written once. `refusal` is the decision at accept; a message without one started in `dispatch`.
CREATE TABLE messages (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    upload_id uuid NOT NULL,
    row_number int NOT NULL,
    person_id uuid,
    alias_id uuid,
    recipient_hash uuid,
    variables_ct bytea,
    reference text,
    refusal text,
    refusal_detail text,
    consent_event_id uuid,
    approval_event_id uuid,
    basis_event_id uuid,
    notice_version_id uuid,
    suppression_event_id uuid,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE TABLE messages_default PARTITION OF messages DEFAULT;
SELECT guard_tenant_rows('messages');
SELECT guard_tenant_rows('messages_default');
CREATE INDEX messages_batch ON messages (batch_id, id);

CREATE FUNCTION refuse_message_rewrite() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'messages are written once: UPDATE refused' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER written_once BEFORE UPDATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_message_rewrite();
CREATE TRIGGER written_once_rows BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION refuse_message_rewrite();

-- Hot. A row that left for WhatsApp names what allowed it: the table itself refuses a send without evidence.
CREATE TABLE dispatch (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    person_id uuid NOT NULL,
    purpose_id smallint NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending')),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts smallint NOT NULL DEFAULT 0,
    claims int NOT NULL DEFAULT 0,
    fence bigint,
    lease_until timestamptz,
    purpose_version int,
    consent_event_id uuid,
    approval_event_id uuid,
    basis_event_id uuid,
    notice_version_id uuid,
    CHECK (state <> 'sending' OR (fence IS NOT NULL AND lease_until IS NOT NULL AND purpose_version IS NOT NULL
                                  AND num_nonnulls(consent_event_id, basis_event_id) > 0))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);
SELECT guard_tenant_rows('dispatch');
CREATE INDEX dispatch_queue ON dispatch (batch_id, due_at, id) WHERE state = 'queued';
CREATE INDEX dispatch_leases ON dispatch (sender_id, lease_until) WHERE state = 'sending';

CREATE TABLE outcomes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('sent', 'delivered', 'read', 'failed', 'refused', 'uncertain', 'expired', 'cancelled')),
    reason text,
    reason_detail text,
    meta_code int,
    wamid_hash uuid, -- keyed: a wamid carries the phone number
    purpose_version int,
    consent_event_id uuid,
    approval_event_id uuid,
    basis_event_id uuid,
    notice_version_id uuid,
    suppression_event_id uuid,
    attempts smallint NOT NULL DEFAULT 0,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    CHECK (state NOT IN ('sent', 'delivered', 'read', 'uncertain') OR num_nonnulls(consent_event_id, basis_event_id) > 0),
    CHECK (state <> 'refused' OR reason IS NOT NULL)
) WITH (fillfactor = 70);
SELECT guard_tenant_rows('outcomes');

-- The delivery log. Kept in the message's own partition, so retention drops both together.
CREATE TABLE delivery_events (
    message_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT new_id(),
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sending', 'sent', 'delivered', 'read', 'failed', 'refused', 'deferred', 'returned',
                                       'uncertain', 'expired', 'cancelled')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    provider_at timestamptz,
    reason text,
    meta_code int,
    fence bigint,
    dedupe uuid,
    PRIMARY KEY (message_id, id)
) PARTITION BY RANGE (message_id);
CREATE TABLE delivery_events_default PARTITION OF delivery_events DEFAULT;
SELECT guard_tenant_rows('delivery_events');
SELECT guard_tenant_rows('delivery_events_default');
SELECT make_append_only('delivery_events');
CREATE UNIQUE INDEX delivery_events_dedupe ON delivery_events (message_id, dedupe) WHERE dedupe IS NOT NULL;

-- Counters are deltas: one row per statement and state, summed when read, folded by the sweep.
CREATE TABLE batch_counts (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    state text NOT NULL,
    reason text,
    n bigint NOT NULL
);
SELECT guard_tenant_rows('batch_counts');
CREATE INDEX batch_counts_batch ON batch_counts (batch_id);

-- Statuses whose message is not known (yet, or after a restore): kept, and matched again later.
CREATE TABLE parked_statuses (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    dedupe uuid NOT NULL,
    kind text NOT NULL,
    provider_at timestamptz NOT NULL,
    meta_code int,
    wamid_hash uuid,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, message_id, dedupe)
);
SELECT guard_tenant_rows('parked_statuses');

GRANT SELECT, INSERT, UPDATE ON batches TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, UPDATE ON uploads TO toplu_api, toplu_worker;
GRANT SELECT, INSERT ON batch_members, messages TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, DELETE ON batch_counts TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, UPDATE ON outcomes TO toplu_api, toplu_worker;
GRANT SELECT, INSERT ON delivery_events TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, DELETE ON parked_statuses TO toplu_worker;

-- What a cut stream wrote may be taken away, and nothing else: nobody is granted DELETE on messages and outcomes.
-- The owner is bound by the same row-level security, so this sees the caller's tenant only.
CREATE FUNCTION remove_aborted_upload_v1(gone uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp AS $$
DECLARE
    into_batch uuid;
BEGIN
    SELECT batch_id INTO into_batch FROM uploads WHERE id = gone AND state = 'aborted' FOR UPDATE;
    IF into_batch IS NULL THEN
        RETURN;
    END IF;
    WITH written AS MATERIALIZED (
        SELECT id FROM messages WHERE batch_id = into_batch AND upload_id = gone
    ), unqueued AS (
        DELETE FROM dispatch AS d USING written AS w WHERE d.id = w.id
    ), unrefused AS (
        DELETE FROM outcomes AS o USING written AS w WHERE o.id = w.id
    ), unjoined AS (
        DELETE FROM batch_members WHERE batch_id = into_batch AND upload_id = gone
    )
    DELETE FROM messages AS m USING written AS w WHERE m.id = w.id;
    UPDATE batches AS b SET state = 'draft', version = b.version + 1
     WHERE b.id = into_batch AND b.state = 'loading'
       AND NOT EXISTS (SELECT FROM uploads AS u WHERE u.batch_id = b.id AND u.state = 'open');
    DELETE FROM uploads WHERE id = gone;
END $$;
REVOKE ALL ON FUNCTION remove_aborted_upload_v1(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_aborted_upload_v1(uuid) TO toplu_api, toplu_worker;

-- Crossing 3 and 4: which senders have work, and which tenants have something to sweep.
GRANT SELECT ON dispatch, batches, uploads, parked_statuses TO toplu_crossing;
CREATE POLICY crossing ON dispatch FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing ON batches FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing ON uploads FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing ON parked_statuses FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION due_senders_v1()
    RETURNS TABLE (sender_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT DISTINCT b.sender_id, b.tenant_id
     FROM batches AS b
     JOIN senders AS s ON s.id = b.sender_id AND s.state = 'active'
     LEFT JOIN sender_lines AS l ON l.sender_id = b.sender_id
    WHERE b.state = 'running'
      AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp())
      AND (l.halted_until IS NULL OR l.halted_until < clock_timestamp())
      AND EXISTS (SELECT FROM dispatch AS d
                   WHERE d.batch_id = b.id AND d.state = 'queued' AND d.due_at <= clock_timestamp()) $$;
CREATE FUNCTION sweepable_tenants_v1()
    RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT b.tenant_id FROM batches AS b WHERE b.state IN ('scheduled', 'running', 'paused', 'loading')
       OR (b.state = 'cancelled' AND b.ended_at > clock_timestamp() - interval '7 days'
           AND EXISTS (SELECT FROM dispatch AS d WHERE d.batch_id = b.id AND d.state = 'queued'))
   UNION SELECT d.tenant_id FROM dispatch AS d WHERE d.state = 'sending' AND d.lease_until < clock_timestamp()
   UNION SELECT u.tenant_id FROM uploads AS u WHERE u.state IN ('open', 'aborted')
   UNION SELECT k.tenant_id FROM parked_statuses AS k $$;
