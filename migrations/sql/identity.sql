-- Identity: one person, many aliases; and the gate that follows from it.

-- A person who turned out to be somebody else points to them. Nothing is taken from the absorbed one but their aliases:
-- what was queued for them, and what was sealed for them, still names them.
-- `held_since`: their number had another holder until then, so nothing older is an act of theirs.
-- `party_type`: a merchant needs no prior approval (Law 6563, article 6/2); the line of the ledger that proves it is named.
ALTER TABLE people
    ADD COLUMN merged_into uuid,
    ADD COLUMN held_since timestamptz,
    ADD COLUMN party_type text NOT NULL DEFAULT 'natural',
    ADD COLUMN party_event_id uuid;
ALTER TABLE people ADD CONSTRAINT people_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES people NOT VALID;
ALTER TABLE people VALIDATE CONSTRAINT people_merged_into_fkey;
ALTER TABLE people ADD CONSTRAINT people_not_merged_into_themselves CHECK (merged_into <> id) NOT VALID;
ALTER TABLE people VALIDATE CONSTRAINT people_not_merged_into_themselves;
ALTER TABLE people ADD CONSTRAINT people_party_type CHECK (party_type IN ('natural', 'legal')) NOT VALID;
ALTER TABLE people VALIDATE CONSTRAINT people_party_type;
ALTER TABLE people ADD CONSTRAINT people_legal_party_is_proven
    CHECK (party_type = 'natural' OR party_event_id IS NOT NULL) NOT VALID;
ALTER TABLE people VALIDATE CONSTRAINT people_legal_party_is_proven;
CREATE INDEX people_merged_into ON people (merged_into) WHERE merged_into IS NOT NULL;

-- A closed alias is history: it names nobody any more, and its number may come to somebody else.
ALTER TABLE aliases
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN closed_reason text;
ALTER TABLE aliases ADD CONSTRAINT aliases_closed_for_a_reason CHECK ((closed_at IS NULL) = (closed_reason IS NULL)
    AND closed_reason IN ('line_closed', 'recycled', 'number_changed', 'user_id_changed', 'wrong_number')) NOT VALID;
ALTER TABLE aliases VALIDATE CONSTRAINT aliases_closed_for_a_reason;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX aliases_hash; -- made anew in the next statement, in the same transaction
CREATE UNIQUE INDEX aliases_hash ON aliases (tenant_id, hash) WHERE closed_at IS NULL;
CREATE INDEX aliases_closed ON aliases (tenant_id, hash) WHERE closed_at IS NOT NULL;

CREATE OR REPLACE VIEW people_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, key_salt, gate_version, erased_at, merged_into, held_since, party_type, party_event_id FROM people;
-- Whoever looks somebody up finds open aliases only.
CREATE OR REPLACE VIEW aliases_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, person_id, kind, hash, value_ct FROM aliases WHERE closed_at IS NULL;
CREATE VIEW closed_aliases_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, person_id, kind, hash, value_ct, created_at, closed_at, closed_reason
  FROM aliases WHERE closed_at IS NOT NULL;
GRANT SELECT ON closed_aliases_v1 TO toplu_api, toplu_worker;

-- The ledger learns whose alias is whose. `carried_from` is the act that was carried over from somebody who turned out to
-- be the same person, and proves it.
ALTER TABLE consent_events
    ADD COLUMN carried_from uuid,
    ADD COLUMN alias_id uuid,
    ADD COLUMN other_person_id uuid;
-- squawk-ignore ban-drop-constraint
ALTER TABLE consent_events DROP CONSTRAINT consent_events_record_kind_check; -- widened, not given up
ALTER TABLE consent_events ADD CONSTRAINT consent_events_record_kind_check CHECK (record_kind IN ('notice_acknowledgement',
    'terms_acceptance', 'explicit_consent', 'commercial_approval', 'basis_assertion', 'suppression', 'objection',
    'identity')) NOT VALID;
ALTER TABLE consent_events VALIDATE CONSTRAINT consent_events_record_kind_check;
-- squawk-ignore ban-drop-constraint
ALTER TABLE consent_events DROP CONSTRAINT consent_events_act_check; -- widened, not given up
ALTER TABLE consent_events ADD CONSTRAINT consent_events_act_check CHECK (act IN ('given', 'refused', 'withdrawn',
    'invalidated', 'asserted', 'ended', 'raised', 'lifted', 'linked', 'merged', 'moved', 'closed', 'corrected',
    'declared')) NOT VALID;
ALTER TABLE consent_events VALIDATE CONSTRAINT consent_events_act_check;
-- An objection is the person's own, raised and lifted (Law 6698, article 11/1-g): no role and no route gets around this.
ALTER TABLE consent_events ADD CONSTRAINT consent_events_objection_is_the_persons
    CHECK (record_kind <> 'objection' OR entity = 'person') NOT VALID;
ALTER TABLE consent_events VALIDATE CONSTRAINT consent_events_objection_is_the_persons;
ALTER TABLE suppressions ADD CONSTRAINT suppressions_objection_is_the_persons
    CHECK (kind <> 'objection' OR raised_by = 'person') NOT VALID;
ALTER TABLE suppressions VALIDATE CONSTRAINT suppressions_objection_is_the_persons;

-- What is lifted names the act that lifted it, and that act is of whoever raised it.
CREATE FUNCTION refuse_lift_without_act() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM consent_events AS e
                    WHERE e.id = NEW.event_id AND e.tenant_id = NEW.tenant_id AND e.person_id = NEW.person_id
                      AND e.record_kind = NEW.kind AND e.act = 'lifted' AND e.entity = NEW.raised_by) THEN
        RAISE EXCEPTION 'a suppression is lifted by an act of whoever raised it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lifted_by_an_act AFTER INSERT OR UPDATE ON suppressions
    FOR EACH ROW WHEN (NEW.act = 'lifted') EXECUTE FUNCTION refuse_lift_without_act();

-- A line that was closed ends what was agreed on it.
-- squawk-ignore ban-drop-constraint
ALTER TABLE consent_states DROP CONSTRAINT consent_states_consent_act_check; -- widened, not given up
ALTER TABLE consent_states ADD CONSTRAINT consent_states_consent_act_check
    CHECK (consent_act IN ('given', 'invalidated', 'refused', 'withdrawn')) NOT VALID;
ALTER TABLE consent_states VALIDATE CONSTRAINT consent_states_consent_act_check;
-- squawk-ignore ban-drop-constraint
ALTER TABLE consent_states DROP CONSTRAINT consent_states_approval_act_check; -- widened, not given up
ALTER TABLE consent_states ADD CONSTRAINT consent_states_approval_act_check
    CHECK (approval_act IN ('given', 'invalidated', 'refused', 'withdrawn')) NOT VALID;
ALTER TABLE consent_states VALIDATE CONSTRAINT consent_states_approval_act_check;

-- After so many days a consent is asked for again. NULL: it holds until it is taken back (neither law sets a term).
ALTER TABLE purposes ADD COLUMN consent_max_age_days int;
ALTER TABLE purposes ADD CONSTRAINT purposes_consent_ages CHECK (consent_max_age_days > 0) NOT VALID;
ALTER TABLE purposes VALIDATE CONSTRAINT purposes_consent_ages;
CREATE OR REPLACE VIEW purposes_v1 AS SELECT * FROM purposes;

-- A material change may concern some purposes only. NULL: all that the version covers.
ALTER TABLE notice_staleness ADD COLUMN purpose_ids smallint[];
CREATE OR REPLACE VIEW notice_staleness_v1 WITH (security_invoker = true) AS
SELECT tenant_id, notice_version_id, stale_at, purpose_ids FROM notice_staleness;

-- The gate. One row per person and purpose; joined by accept, claim and check alike.
-- `refusal` is NULL when a message may go. Refusals are asked for from the top: the heaviest first. `refused_for` names
-- the record that is missing or in the way; it is NULL when nothing is refused.
-- Somebody who was absorbed (`merged_into`) gets the verdict of who they are now: `o`, which is NULL for all others.
-- CASE and not coalesce(): under row-level security the planner takes coalesce for something that could leak and probes no
-- index with it, which reads a purpose's every state for every person (seen in PostgreSQL 18).
-- A LEFT JOIN that finds no row means: unknown_person.
CREATE OR REPLACE VIEW consent_verdicts_v1 WITH (security_invoker = true) AS
SELECT p.tenant_id,
       p.id AS person_id,
       r.id AS purpose_id,
       r.version AS purpose_version,
       s.consent_event_id,
       s.approval_event_id,
       s.basis_event_id,
       s.consent_notice_version_id AS notice_version_id,
       CASE
           WHEN x.kind = 'objection' THEN 'objected'
           WHEN x.kind = 'suppression' THEN 'suppressed'
           WHEN p.erased_at IS NOT NULL OR o.erased_at IS NOT NULL THEN 'unknown_person'
           WHEN r.legal_basis <> 'kvkk_5_1' THEN
               CASE WHEN s.basis_act IS DISTINCT FROM 'asserted' THEN 'no_basis'
                    WHEN s.basis_at <= w.held_since THEN 'no_basis'
                    WHEN s.basis_until <= (SELECT business_now()) THEN 'no_basis'
               END
           WHEN s.consent_act = 'withdrawn' OR (r.commercial AND s.approval_act = 'withdrawn') THEN 'consent_withdrawn'
           WHEN s.consent_act = 'invalidated' OR (w.asked_first AND s.approval_act = 'invalidated') THEN 'consent_invalidated'
           WHEN s.consent_act IS DISTINCT FROM 'given' THEN 'consent_not_given'
           WHEN r.commercial AND s.approval_act = 'refused' THEN 'consent_not_given'
           WHEN w.asked_first AND s.approval_act IS DISTINCT FROM 'given' THEN 'consent_not_given'
           WHEN s.consent_at <= w.held_since THEN 'consent_invalidated'
           WHEN w.asked_first AND s.approval_at <= w.held_since THEN 'consent_invalidated'
           WHEN s.consent_until <= (SELECT business_now()) THEN 'consent_expired'
           WHEN w.asked_first AND s.approval_until <= (SELECT business_now()) THEN 'consent_expired'
           WHEN s.consent_at + w.max_age <= (SELECT business_now()) THEN 'consent_expired'
           WHEN w.asked_first AND s.approval_at + w.max_age <= (SELECT business_now()) THEN 'consent_expired'
           WHEN n.stale_at <= (SELECT business_now()) THEN 'notice_stale'
       END AS refusal,
       CASE
           WHEN x.kind IS NOT NULL THEN 'scope:' || x.scope
           WHEN p.erased_at IS NOT NULL OR o.erased_at IS NOT NULL THEN NULL
           WHEN r.legal_basis <> 'kvkk_5_1' THEN
               CASE WHEN s.basis_act IS DISTINCT FROM 'asserted' OR s.basis_at <= w.held_since
                         OR s.basis_until <= (SELECT business_now())
                    THEN 'basis_assertion'
               END
           WHEN s.consent_act = 'withdrawn' THEN 'explicit_consent'
           WHEN r.commercial AND s.approval_act = 'withdrawn' THEN 'commercial_approval'
           WHEN s.consent_act = 'invalidated' THEN 'explicit_consent'
           WHEN w.asked_first AND s.approval_act = 'invalidated' THEN 'commercial_approval'
           WHEN s.consent_act IS DISTINCT FROM 'given' THEN 'explicit_consent'
           WHEN r.commercial AND s.approval_act = 'refused' THEN 'commercial_approval'
           WHEN w.asked_first AND s.approval_act IS DISTINCT FROM 'given' THEN 'commercial_approval'
           WHEN s.consent_at <= w.held_since THEN 'explicit_consent'
           WHEN w.asked_first AND s.approval_at <= w.held_since THEN 'commercial_approval'
           WHEN s.consent_until <= (SELECT business_now()) THEN 'explicit_consent'
           WHEN w.asked_first AND s.approval_until <= (SELECT business_now()) THEN 'commercial_approval'
           WHEN s.consent_at + w.max_age <= (SELECT business_now()) THEN 'explicit_consent'
           WHEN w.asked_first AND s.approval_at + w.max_age <= (SELECT business_now()) THEN 'commercial_approval'
           WHEN n.stale_at <= (SELECT business_now()) THEN 'explicit_consent'
       END AS refused_for,
       x.event_id AS suppression_event_id
  FROM people_v1 AS p
 CROSS JOIN purposes_v1 AS r
  LEFT JOIN people_v1 AS o ON o.tenant_id = p.tenant_id AND o.id = p.merged_into
 CROSS JOIN LATERAL (
        SELECT CASE WHEN p.merged_into IS NULL THEN p.held_since ELSE o.held_since END AS held_since,
               -- Prior approval: for commercial messages, unless the party is proven to be a merchant.
               r.commercial AND CASE WHEN p.merged_into IS NULL THEN p.party_type ELSE o.party_type END = 'natural'
                   AS asked_first,
               r.consent_max_age_days * interval '24 hours' AS max_age) AS w
  LEFT JOIN consent_states AS s
         ON s.tenant_id = p.tenant_id AND s.purpose_id = r.id AND s.person_id = CASE WHEN p.merged_into IS NULL THEN p.id ELSE p.merged_into END
  LEFT JOIN LATERAL (
        SELECT min(c.stale_at) AS stale_at
          FROM notice_staleness_v1 AS c
         WHERE c.tenant_id = p.tenant_id AND c.notice_version_id = s.consent_notice_version_id
           AND (c.purpose_ids IS NULL OR r.id = ANY (c.purpose_ids))) AS n ON true
  LEFT JOIN LATERAL (
        SELECT q.kind, q.scope, q.event_id
          FROM suppressions AS q
         WHERE q.tenant_id = p.tenant_id AND q.act = 'raised'
           AND q.person_id = CASE WHEN p.merged_into IS NULL THEN p.id ELSE p.merged_into END
           AND (q.scope = 'all' OR q.scope = r.key OR (q.scope = 'marketing' AND r.class = 'marketing'))
         ORDER BY q.kind, q.scope, q.raised_by
         LIMIT 1) AS x ON true;
