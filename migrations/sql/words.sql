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

-- One row for each change and what it affects; NULL: every purpose. The view folds them to one row for each version:
-- the purposes that it does not carry any more as of now.
ALTER TABLE notice_staleness ADD COLUMN IF NOT EXISTS purpose_ids smallint[];
-- Code from before cannot publish a material version meanwhile; it is refused and can be repeated.
-- squawk-ignore ban-drop-constraint
ALTER TABLE notice_staleness DROP CONSTRAINT notice_staleness_pkey;
CREATE UNIQUE INDEX notice_staleness_once
    ON notice_staleness (tenant_id, notice_version_id, purpose_ids) NULLS NOT DISTINCT;
CREATE OR REPLACE VIEW notice_staleness_v1 WITH (security_invoker = true) AS
SELECT s.tenant_id, s.notice_version_id, min(s.stale_at) AS stale_at,
       CASE WHEN bool_and(s.purpose_ids IS NOT NULL) THEN array_agg(DISTINCT p.id) END AS purpose_ids
  FROM notice_staleness AS s
  LEFT JOIN LATERAL unnest(s.purpose_ids) AS p (id) ON true
 WHERE s.stale_at <= (SELECT business_now())
 GROUP BY s.tenant_id, s.notice_version_id;

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
