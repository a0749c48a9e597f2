-- The words in full: notices with the blocks of the law and in several languages, who was shown which of them and when,
-- and the terms that tenants accept.

-- One row for each language of a version, each with an id and a hash of its own: a record names the very text that was
-- shown. The main one stands for the version.
ALTER TABLE notice_versions
    ADD COLUMN main bool NOT NULL DEFAULT true,
    ADD COLUMN blocks jsonb,
    ADD COLUMN label text,
    ADD COLUMN requires jsonb;
-- Code from before goes on: it writes main rows only.
-- squawk-ignore ban-drop-constraint
ALTER TABLE notice_versions DROP CONSTRAINT notice_versions_notice_id_version_key;
CREATE UNIQUE INDEX notice_versions_language ON notice_versions (notice_id, version, language);
CREATE UNIQUE INDEX notice_versions_main ON notice_versions (notice_id, version) WHERE main;

-- One row for each version and purpose, so that the gate finds at most one by its index, and each change keeps its date.
-- What stands there concerns all purposes of its version, and becomes a row for each of them. The migration has no
-- tenant, so it looks as the owner for a moment.
-- Code from before cannot publish a material version meanwhile; it is refused and can be repeated.
-- squawk-ignore ban-drop-constraint
ALTER TABLE notice_staleness DROP CONSTRAINT notice_staleness_pkey;
CREATE UNIQUE INDEX notice_staleness_once
    ON notice_staleness (tenant_id, notice_version_id, purpose_ids) NULLS NOT DISTINCT;
ALTER TABLE notice_versions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE notice_staleness NO FORCE ROW LEVEL SECURITY;
INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at, purpose_ids)
SELECT s.tenant_id, s.notice_version_id, s.stale_at, ARRAY[p.id]
  FROM notice_staleness AS s
  JOIN notice_versions AS v ON v.tenant_id = s.tenant_id AND v.id = s.notice_version_id
 CROSS JOIN LATERAL unnest(v.purpose_ids) AS p (id)
 WHERE s.purpose_ids IS NULL;
DELETE FROM notice_staleness WHERE purpose_ids IS NULL;
ALTER TABLE notice_staleness FORCE ROW LEVEL SECURITY;
ALTER TABLE notice_versions FORCE ROW LEVEL SECURITY;

CREATE OR REPLACE VIEW notice_versions_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, notice_id, version, language, sha256, purpose_ids, published_at, main, title FROM notice_versions;

-- Acknowledgements are lines of the ledger: a notice was shown, a notice was acknowledged. Nothing is folded from them.
-- Two words join whatever acts the ledger knows at this revision.
DO $$
DECLARE
    known text;
BEGIN
    SELECT pg_get_constraintdef(c.oid) INTO STRICT known
      FROM pg_constraint AS c
     WHERE c.conrelid = 'consent_events'::regclass AND c.conname = 'consent_events_act_check';
    ALTER TABLE consent_events DROP CONSTRAINT consent_events_act_check;
    EXECUTE 'ALTER TABLE consent_events ADD CONSTRAINT consent_events_act_check '
        || replace(known, 'ARRAY[', 'ARRAY[''shown''::text, ''acknowledged''::text, ');
END $$;
ALTER TABLE consent_events ADD CONSTRAINT consent_events_acknowledgement_check
    CHECK ((record_kind = 'notice_acknowledgement') = (act IN ('shown', 'acknowledged'))
           AND (record_kind <> 'notice_acknowledgement' OR notice_version_id IS NOT NULL));
CREATE INDEX consent_events_acknowledgement ON consent_events (tenant_id, notice_version_id, id)
    WHERE record_kind = 'notice_acknowledgement';

-- Terms: the operator's documents, the same for every tenant, so they have no tenant. Thirty days lie between the
-- announcement of a change and its effect (the model is Law 5809, article 50/4: at least one month before).
CREATE TABLE terms_versions (
    id uuid PRIMARY KEY,
    document text NOT NULL CHECK (document ~ '^[a-z][a-z0-9-]{1,62}$'),
    version int NOT NULL CHECK (version > 0),
    language text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    summary text,
    sha256 bytea NOT NULL,
    announced_at timestamptz NOT NULL,
    effective_from timestamptz NOT NULL,
    acceptance_due_at timestamptz NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (document, version),
    CHECK (version = 1 OR effective_from >= announced_at + interval '720 hours'),
    CHECK (acceptance_due_at >= effective_from)
);
SELECT make_append_only('terms_versions');

-- What a version makes part of itself, and which of the two prevails where they differ.
CREATE TABLE terms_incorporations (
    terms_version_id uuid NOT NULL REFERENCES terms_versions,
    place smallint NOT NULL,
    document text NOT NULL,
    prevails bool NOT NULL,
    PRIMARY KEY (terms_version_id, document)
);
SELECT make_append_only('terms_incorporations');

-- That a tenant was told of a version, and when.
CREATE TABLE terms_announcements (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    terms_version_id uuid NOT NULL REFERENCES terms_versions,
    announced_at timestamptz NOT NULL,
    UNIQUE (tenant_id, terms_version_id)
);
SELECT guard_tenant_rows('terms_announcements');
SELECT make_append_only('terms_announcements');

-- Who accepts for a tenant is sealed with the tenant's key. What was accepted is pinned: the document and everything it
-- incorporates, each with the hash of its exact text.
CREATE TABLE terms_acceptances (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    terms_version_id uuid NOT NULL REFERENCES terms_versions,
    bundle_sha256 bytea NOT NULL,
    accepted_by_ct bytea NOT NULL,
    api_key_id uuid NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('terms_acceptances');
SELECT make_append_only('terms_acceptances');
CREATE INDEX terms_acceptances_tenant ON terms_acceptances (tenant_id, id);
CREATE TABLE terms_acceptance_documents (
    tenant_id uuid NOT NULL,
    acceptance_id uuid NOT NULL REFERENCES terms_acceptances,
    place smallint NOT NULL,
    terms_version_id uuid NOT NULL REFERENCES terms_versions,
    sha256 bytea NOT NULL,
    relation text NOT NULL CHECK (relation IN ('itself', 'prevails', 'yields')),
    PRIMARY KEY (tenant_id, acceptance_id, terms_version_id)
);
SELECT guard_tenant_rows('terms_acceptance_documents');
SELECT make_append_only('terms_acceptance_documents');

GRANT SELECT, INSERT ON terms_versions, terms_incorporations, terms_acceptances, terms_acceptance_documents TO toplu_api;
GRANT SELECT ON terms_announcements TO toplu_api;
GRANT SELECT ON terms_versions, terms_incorporations, terms_announcements, terms_acceptances, terms_acceptance_documents
    TO toplu_worker;

-- A publication is announced to every tenant, and nobody may ask which tenants there are. So this crosses, and gives
-- nothing back but how many were told. It announces only what was published, and each version once.
GRANT SELECT ON tenants, terms_versions, terms_announcements TO toplu_crossing;
GRANT INSERT ON terms_announcements TO toplu_crossing;
CREATE POLICY crossing ON tenants FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing_reads ON terms_announcements FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing_writes ON terms_announcements FOR INSERT TO toplu_crossing WITH CHECK (true);
CREATE FUNCTION announce_terms_v1(published uuid) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ WITH told AS (
       INSERT INTO terms_announcements (id, tenant_id, terms_version_id, announced_at)
       SELECT new_id(), t.tenant_id, v.id, v.announced_at
         FROM terms_versions AS v CROSS JOIN tenants AS t
        WHERE v.id = published
           ON CONFLICT (tenant_id, terms_version_id) DO NOTHING
       RETURNING 1)
   SELECT count(*) FROM told $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION announce_terms_v1(uuid) OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION announce_terms_v1(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION announce_terms_v1(uuid) TO toplu_api;
