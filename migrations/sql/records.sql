-- What a consent record holds beyond the act itself, the objects that prove it, and bulk imports of acts.

-- Columns are what is asked for; what is only shown stands in `details`, checked at the edge: closed words, ids, hashes and
-- times, never a name, a number or free text. `supersedes_id` is the line that this one corrects: that line stays as it is
-- and is no longer folded. `renews_id`: the earlier consent that was given anew. `challenge_id`: the question that the
-- person answered themselves (double opt-in).
ALTER TABLE consent_events
    ADD COLUMN collection_context text,
    ADD COLUMN language text,
    ADD COLUMN supersedes_id uuid,
    ADD COLUMN renews_id uuid,
    ADD COLUMN challenge_id uuid,
    ADD COLUMN import_id uuid,
    ADD COLUMN evidence_ids uuid[],
    ADD COLUMN details jsonb;

-- `imported`: said of somebody without proof. `invalid`: given in a way that does not count. Neither is ever folded.
-- The list of acts grows: whoever wrote by the old list still may.
-- squawk-ignore ban-drop-constraint
ALTER TABLE consent_events DROP CONSTRAINT consent_events_act_check;
ALTER TABLE consent_events ADD CONSTRAINT consent_events_act_check CHECK (act IN
    ('given', 'refused', 'withdrawn', 'asserted', 'ended', 'raised', 'lifted', 'invalidated', 'imported', 'invalid',
     'linked', 'merged', 'moved', 'closed', 'corrected', 'declared'));
ALTER TABLE consent_events ADD CONSTRAINT consent_events_invalid_has_reason
    CHECK (act <> 'invalid' OR coalesce(details ->> 'invalid', '') <> '');
CREATE INDEX consent_events_supersedes ON consent_events (tenant_id, supersedes_id) WHERE supersedes_id IS NOT NULL;

CREATE OR REPLACE VIEW consent_events_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, person_id, record_kind, act, entity, purpose_id, purpose_version, notice_version_id, scope,
       occurred_at, recorded_at, valid_until, channel, method, iys_transaction_id, iys_date, evidence_digest,
       collection_context, language, supersedes_id, renews_id, challenge_id, import_id, evidence_ids, details
  FROM consent_events;

-- Since when people are shown a version. Texts that were in use before they were registered here say so once, when they
-- are published; an act cannot rest on a version that nobody could have seen.
ALTER TABLE notice_versions
    ADD COLUMN shown_since timestamptz CHECK (shown_since <= published_at);
CREATE VIEW notice_shown_v1 WITH (security_invoker = true) AS
SELECT tenant_id, id AS notice_version_id, purpose_ids, coalesce(shown_since, published_at) AS shown_since
  FROM notice_versions;
GRANT SELECT ON notice_shown_v1 TO toplu_api, toplu_worker;

-- Proof that lies elsewhere: known by its hash, with where it is kept. The files themselves are not taken in.
CREATE TABLE evidence_objects (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN
        ('form_snapshot', 'paper_scan', 'call_recording', 'message', 'contract', 'other_proof')),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    media_type text NOT NULL,
    byte_size bigint NOT NULL CHECK (byte_size >= 0),
    reference text,
    physical_ref jsonb CHECK (physical_ref IS NULL OR coalesce(physical_ref ->> 'archive', '') <> ''),
    captured_at timestamptz,
    api_key_id uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('evidence_objects');
SELECT make_append_only('evidence_objects');
CREATE INDEX evidence_objects_tenant ON evidence_objects (tenant_id, id);

CREATE VIEW evidence_objects_v1 WITH (security_invoker = true) AS
SELECT tenant_id, id, kind, sha256, media_type, byte_size, reference, physical_ref, captured_at, created_at
  FROM evidence_objects;
-- Which acts of which people an object proves. One object may prove many: a signed list, a page of a register.
CREATE VIEW evidence_links_v1 WITH (security_invoker = true) AS
SELECT e.tenant_id, e.person_id, e.id AS consent_event_id, o.evidence_id
  FROM consent_events AS e
 CROSS JOIN LATERAL unnest(e.evidence_ids) AS o (evidence_id)
 WHERE e.evidence_ids IS NOT NULL;

GRANT SELECT, INSERT ON evidence_objects TO toplu_api, toplu_worker;
GRANT SELECT ON evidence_objects_v1, evidence_links_v1 TO toplu_api, toplu_worker;

-- A stream of acts. What its chunks committed stays, also when it was cut: acts are evidence.
CREATE TABLE consent_imports (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'completed', 'aborted')),
    media_type text NOT NULL,
    api_key_id uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    row_count int NOT NULL DEFAULT 0,
    opened int NOT NULL DEFAULT 0,
    recorded int NOT NULL DEFAULT 0,
    repeated int NOT NULL DEFAULT 0,
    refused int NOT NULL DEFAULT 0,
    reasons jsonb NOT NULL DEFAULT '{}',
    digest bytea
);
SELECT guard_tenant_rows('consent_imports');
CREATE INDEX consent_imports_tenant ON consent_imports (tenant_id, id);

-- What became of each row, one line per committed chunk: parallel arrays, so that a million rows are some hundred lines.
-- Holds no number, also not of refused rows.
CREATE TABLE consent_import_chunks (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL REFERENCES consent_imports,
    last_row int NOT NULL,
    row_numbers int[] NOT NULL,
    outcomes text[] NOT NULL,
    reasons text[] NOT NULL,
    fields text[] NOT NULL,
    people uuid[] NOT NULL,
    PRIMARY KEY (tenant_id, import_id, last_row)
);
SELECT guard_tenant_rows('consent_import_chunks');
SELECT make_append_only('consent_import_chunks');

GRANT SELECT, INSERT, UPDATE ON consent_imports TO toplu_api, toplu_worker;
GRANT SELECT, INSERT ON consent_import_chunks TO toplu_api, toplu_worker;
