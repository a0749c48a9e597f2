-- Proof: what waits to be sealed, the chain of links, the kept hashes of its Merkle tree, trees of decisions, checkpoints.

-- What is written and not sealed yet: one row per statement and 5,000 ids, written by the statement itself. A row is
-- seen when its transaction commits, whenever that is, so no late commit is missed. `batch_id`: of decisions only.
CREATE TABLE seal_queue (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL,
    source text NOT NULL CHECK (source IN ('consent', 'audit', 'decision', 'checkpoint')),
    batch_id uuid,
    ids uuid[] NOT NULL,
    n int NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((source = 'decision') = (batch_id IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
ALTER TABLE seal_queue ALTER COLUMN ids SET STORAGE EXTERNAL; -- compressing costs more than it saves
CREATE INDEX seal_queue_tenant ON seal_queue (tenant_id, id);

CREATE FUNCTION queue_to_seal() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    INSERT INTO seal_queue (tenant_id, source, ids, n)
    SELECT f.tenant_id, TG_ARGV[0], f.ids[first:first + 4999], least(5000, f.n - first + 1)
      FROM (SELECT tenant_id, array_agg(id) AS ids, CAST(count(*) AS int) AS n FROM fresh GROUP BY tenant_id) AS f
     CROSS JOIN LATERAL generate_series(1, f.n, 5000) AS first;
    RETURN NULL;
END $$;
CREATE FUNCTION queue_decisions_to_seal() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    INSERT INTO seal_queue (tenant_id, source, batch_id, ids, n)
    SELECT f.tenant_id, 'decision', f.batch_id, f.ids[first:first + 4999], least(5000, f.n - first + 1)
      FROM (SELECT tenant_id, batch_id, array_agg(id) AS ids, CAST(count(*) AS int) AS n FROM fresh GROUP BY tenant_id, batch_id) AS f
     CROSS JOIN LATERAL generate_series(1, f.n, 5000) AS first;
    RETURN NULL;
END $$;

-- What was written before this migration is sealed as well. The owner is bound by row-level security like everybody,
-- so the guard is lifted for these statements, inside this transaction.
ALTER TABLE consent_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE outcomes NO FORCE ROW LEVEL SECURITY;
INSERT INTO seal_queue (tenant_id, source, ids, n)
SELECT tenant_id, 'consent', array_agg(id ORDER BY id), count(*)
  FROM (SELECT tenant_id, id, (row_number() OVER (PARTITION BY tenant_id ORDER BY id) - 1) / 5000 AS page
          FROM consent_events) AS f
 GROUP BY tenant_id, page;
INSERT INTO seal_queue (tenant_id, source, ids, n)
SELECT tenant_id, 'audit', array_agg(id ORDER BY id), count(*)
  FROM (SELECT tenant_id, id, (row_number() OVER (PARTITION BY tenant_id ORDER BY id) - 1) / 5000 AS page
          FROM audit_events) AS f
 GROUP BY tenant_id, page;
INSERT INTO seal_queue (tenant_id, source, batch_id, ids, n)
SELECT tenant_id, 'decision', batch_id, array_agg(id ORDER BY id), count(*)
  FROM (SELECT tenant_id, batch_id, id, (row_number() OVER (PARTITION BY tenant_id, batch_id ORDER BY id) - 1) / 5000 AS page
          FROM outcomes) AS f
 GROUP BY tenant_id, batch_id, page;
ALTER TABLE consent_events FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
ALTER TABLE outcomes FORCE ROW LEVEL SECURITY;
SELECT guard_tenant_rows('seal_queue');

-- For each statement, not for each row: a statement of 10,000 acts adds two rows here.
CREATE TRIGGER queue_to_seal AFTER INSERT ON consent_events
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION queue_to_seal('consent');
CREATE TRIGGER queue_to_seal AFTER INSERT ON audit_events
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION queue_to_seal('audit');
CREATE TRIGGER queue_to_seal AFTER INSERT ON outcomes
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION queue_decisions_to_seal();

-- One link of a tenant's chain. `digest` is of the content, `hash` of this place, the link before, and the digest.
CREATE TABLE chain_links (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    source text NOT NULL CHECK (source IN ('consent', 'audit', 'decisions')),
    source_id uuid NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, seq)
);
CREATE UNIQUE INDEX chain_links_source ON chain_links (tenant_id, source_id); -- nothing is sealed twice
SELECT guard_tenant_rows('chain_links');
SELECT make_append_only('chain_links');

-- Inner hashes of the tree over the links: of complete subtrees of 256, 65,536, … links. The others are computed.
CREATE TABLE chain_nodes (
    tenant_id uuid NOT NULL,
    level smallint NOT NULL CHECK (level > 0 AND level % 8 = 0),
    place bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id, level, place)
);
SELECT guard_tenant_rows('chain_nodes');
SELECT make_append_only('chain_nodes');

-- One tree over decided messages of one batch. `leaves` are the leaf hashes one after the other, in the order of `ids`;
-- both only serve to find a proof quickly, the root is what is sealed.
CREATE TABLE decision_roots (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    first_id uuid NOT NULL,
    last_id uuid NOT NULL,
    size int NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    ids uuid[] NOT NULL,
    leaves bytea NOT NULL CHECK (length(leaves) = 32 * size)
);
ALTER TABLE decision_roots ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN leaves SET STORAGE EXTERNAL;
CREATE INDEX decision_roots_batch ON decision_roots (tenant_id, batch_id, last_id, first_id);
SELECT guard_tenant_rows('decision_roots');
SELECT make_append_only('decision_roots');

-- Signed statements of how long a chain was and what its tree's root was. `key` is the public key that verifies it.
CREATE TABLE checkpoints (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    key text NOT NULL,
    stamp bytea,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, size)
);
SELECT guard_tenant_rows('checkpoints');
SELECT make_append_only('checkpoints');

CREATE FUNCTION refuse_shorter_checkpoint() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM checkpoints AS c WHERE c.tenant_id = NEW.tenant_id AND c.size >= NEW.size) THEN
        RAISE EXCEPTION 'a checkpoint of that size or more exists' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER grows BEFORE INSERT ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_shorter_checkpoint();

-- What a link is about, as JSON. The whole row, so that a column that comes later is part of what is sealed later; a
-- column that is empty is no part, so what was sealed before keeps its digest. The sealed value of free evidence stays
-- out: its own digest is a column. Times are told in the session's time zone: whoever hashes sets it to UTC.
CREATE VIEW consent_contents_v1 WITH (security_invoker = true) AS
SELECT e.tenant_id, e.id, e.person_id, jsonb_strip_nulls(to_jsonb(e) - 'evidence_ct') AS content FROM consent_events AS e;
CREATE VIEW audit_contents_v1 WITH (security_invoker = true) AS
SELECT e.tenant_id, e.id, jsonb_strip_nulls(to_jsonb(e)) AS content FROM audit_events AS e;

-- The decision about a message: only what never changes once its outcome is there. States climb later, so here is no
-- state but `allowed`, or why it never left. The moment of the claim comes from the delivery log.
CREATE VIEW decisions_v1 WITH (security_invoker = true) AS
SELECT m.tenant_id, m.id, m.batch_id, b.purpose_id,
       coalesce(o.purpose_version, b.purpose_version) AS purpose_version,
       o.consent_event_id, o.approval_event_id, o.basis_event_id, o.suppression_event_id, o.notice_version_id,
       jsonb_strip_nulls(jsonb_build_object(
           'message_id', m.id, 'tenant_id', m.tenant_id, 'batch_id', m.batch_id, 'person_id', m.person_id,
           'sender_id', b.sender_id, 'template_name', b.template_name, 'template_language', b.template_language,
           'template_version', b.template_version, 'purpose_id', b.purpose_id,
           'purpose_version', coalesce(o.purpose_version, b.purpose_version),
           'decision', CASE WHEN o.state IN ('refused', 'expired', 'cancelled') THEN o.state ELSE 'allowed' END,
           'reason', CASE WHEN o.state = 'refused' THEN o.reason END,
           'reason_detail', CASE WHEN o.state = 'refused' THEN o.reason_detail END,
           'asked_at', CASE WHEN o.state = 'refused' THEN CASE WHEN m.refusal IS NULL THEN 'claim' ELSE 'accept' END END,
           'consent_event_id', o.consent_event_id, 'approval_event_id', o.approval_event_id,
           'basis_event_id', o.basis_event_id, 'notice_version_id', o.notice_version_id,
           'suppression_event_id', o.suppression_event_id,
           'claimed_at', c.at, 'decided_at', o.decided_at)) AS content
  FROM messages AS m
  JOIN outcomes AS o ON o.id = m.id
  JOIN batches AS b ON b.id = m.batch_id
  LEFT JOIN LATERAL (SELECT max(e.at) AS at FROM delivery_events AS e WHERE e.message_id = m.id AND e.kind = 'sending') AS c ON true;

CREATE VIEW decided_v1 WITH (security_invoker = true) AS SELECT id, tenant_id, batch_id, decided_at FROM outcomes;

-- Whether a batch's decisions may be sealed (a draft's rows may still be taken away), and whether more are to come.
CREATE VIEW batch_ends_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, state NOT IN ('draft', 'loading') AS begun, state IN ('completed', 'cancelled', 'failed') AS ended
  FROM batches;
-- What was shown and why it was processed, whole, for receipts.
CREATE VIEW notice_texts_v1 WITH (security_invoker = true) AS
SELECT v.id, v.tenant_id, n.name, v.version, v.language, v.title, v.sha256, v.change_kind, v.published_at
  FROM notice_versions AS v JOIN notices AS n ON n.id = v.notice_id;
CREATE VIEW purpose_versions_v1 WITH (security_invoker = true) AS
SELECT purpose_id, version, recorded_at, content FROM purpose_versions;
CREATE VIEW tenant_names_v1 WITH (security_invoker = true) AS SELECT tenant_id, name FROM tenants;

GRANT INSERT, SELECT ON seal_queue TO toplu_api, toplu_worker;
GRANT DELETE ON seal_queue TO toplu_worker;
GRANT SELECT ON chain_links, chain_nodes, decision_roots, checkpoints TO toplu_api, toplu_worker;
GRANT INSERT ON chain_links, chain_nodes, decision_roots, checkpoints TO toplu_worker;
GRANT SELECT ON consent_contents_v1, audit_contents_v1, decisions_v1, decided_v1, batch_ends_v1, notice_texts_v1, purpose_versions_v1,
    tenant_names_v1 TO toplu_api, toplu_worker;
GRANT SELECT ON audit_events TO toplu_api, toplu_worker;

-- Crossing 5: which tenants have something to seal.
GRANT SELECT ON seal_queue TO toplu_crossing;
CREATE POLICY crossing ON seal_queue FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION sealable_tenants_v1()
    RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT DISTINCT q.tenant_id FROM seal_queue AS q LEFT JOIN batches AS b ON b.id = q.batch_id
    WHERE b.id IS NULL OR b.state NOT IN ('draft', 'loading') $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION sealable_tenants_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION sealable_tenants_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sealable_tenants_v1() TO toplu_worker;
