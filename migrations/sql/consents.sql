-- May we: the append-only ledger, its projection (current state), suppressions, and the gate.

-- One row per act. Holds no plain personal data: free evidence is encrypted with the person's key, and its
-- digest stays verifiable after that key is destroyed.
CREATE TABLE consent_events (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    record_kind text NOT NULL CHECK (record_kind IN ('notice_acknowledgement', 'terms_acceptance',
        'explicit_consent', 'commercial_approval', 'basis_assertion', 'suppression', 'objection')),
    act text NOT NULL CHECK (act IN ('given', 'refused', 'withdrawn', 'asserted', 'ended', 'raised', 'lifted')),
    entity text NOT NULL CHECK (entity IN ('person', 'tenant', 'platform')),
    purpose_id smallint,
    purpose_version int,
    notice_version_id uuid,
    scope text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    valid_until timestamptz,
    channel text NOT NULL,
    method text,
    iys_transaction_id text,
    iys_date date,
    evidence_ct bytea,
    evidence_digest bytea,
    api_key_id uuid,
    PRIMARY KEY (id),
    CHECK (record_kind NOT IN ('explicit_consent', 'commercial_approval', 'basis_assertion') OR purpose_version IS NOT NULL),
    CHECK (record_kind NOT IN ('suppression', 'objection') OR scope IS NOT NULL)
) PARTITION BY RANGE (id);
CREATE TABLE consent_events_default PARTITION OF consent_events DEFAULT;
SELECT guard_tenant_rows('consent_events');
SELECT guard_tenant_rows('consent_events_default');
SELECT make_append_only('consent_events');
CREATE INDEX consent_events_person ON consent_events (tenant_id, person_id, id);

-- The fold of the ledger: one row per person and purpose with the three records that can carry a message.
CREATE TABLE consent_states (
    tenant_id uuid NOT NULL,
    purpose_id smallint NOT NULL,
    person_id uuid NOT NULL,
    consent_act text CHECK (consent_act IN ('given', 'refused', 'withdrawn')),
    consent_at timestamptz,
    consent_until timestamptz,
    consent_event_id uuid,
    consent_notice_version_id uuid,
    approval_act text CHECK (approval_act IN ('given', 'refused', 'withdrawn')),
    approval_at timestamptz,
    approval_until timestamptz,
    approval_event_id uuid,
    basis_act text CHECK (basis_act IN ('asserted', 'ended')),
    basis_at timestamptz,
    basis_until timestamptz,
    basis_event_id uuid,
    PRIMARY KEY (tenant_id, purpose_id, person_id)
) WITH (fillfactor = 85);
SELECT guard_tenant_rows('consent_states');
CREATE INDEX consent_states_person ON consent_states (person_id);

-- What stops messages regardless of consent. One row per person, scope and key holder: a platform's resume
-- lifts the platform's row only, never the person's own. Scope: 'all', 'marketing', or a purpose key.
CREATE TABLE suppressions (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    scope text NOT NULL,
    raised_by text NOT NULL CHECK (raised_by IN ('person', 'tenant', 'platform')),
    kind text NOT NULL CHECK (kind IN ('suppression', 'objection')),
    act text NOT NULL CHECK (act IN ('raised', 'lifted')),
    acted_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, person_id, scope, raised_by, kind)
);
SELECT guard_tenant_rows('suppressions');
CREATE INDEX suppressions_raised ON suppressions (tenant_id, event_id) WHERE act = 'raised';

-- The gate. One row per person and purpose; joined by accept, claim and check alike.
-- `refusal` is NULL when a message may go. Refusals are asked for from the top: the heaviest first. `refused_for` names
-- the record that is missing or in the way; it is NULL when nothing is refused.
-- A LEFT JOIN that finds no row means: unknown_person.
CREATE VIEW consent_verdicts_v1 WITH (security_invoker = true) AS
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
           WHEN p.erased_at IS NOT NULL THEN 'unknown_person'
           WHEN r.legal_basis <> 'kvkk_5_1' THEN
               CASE WHEN s.basis_act IS DISTINCT FROM 'asserted' THEN 'no_basis'
                    WHEN s.basis_until <= (SELECT business_now()) THEN 'no_basis'
               END
           WHEN s.consent_act = 'withdrawn' OR (r.commercial AND s.approval_act = 'withdrawn') THEN 'consent_withdrawn'
           WHEN s.consent_act IS DISTINCT FROM 'given' THEN 'consent_not_given'
           WHEN r.commercial AND s.approval_act IS DISTINCT FROM 'given' THEN 'consent_not_given'
           WHEN s.consent_until <= (SELECT business_now()) THEN 'consent_expired'
           WHEN r.commercial AND s.approval_until <= (SELECT business_now()) THEN 'consent_expired'
           WHEN n.stale_at <= (SELECT business_now()) THEN 'notice_stale'
       END AS refusal,
       CASE
           WHEN x.kind IS NOT NULL THEN 'scope:' || x.scope
           WHEN p.erased_at IS NOT NULL THEN NULL
           WHEN r.legal_basis <> 'kvkk_5_1' THEN
               CASE WHEN s.basis_act IS DISTINCT FROM 'asserted' OR s.basis_until <= (SELECT business_now())
                    THEN 'basis_assertion'
               END
           WHEN s.consent_act = 'withdrawn' THEN 'explicit_consent'
           WHEN r.commercial AND s.approval_act = 'withdrawn' THEN 'commercial_approval'
           WHEN s.consent_act IS DISTINCT FROM 'given' THEN 'explicit_consent'
           WHEN r.commercial AND s.approval_act IS DISTINCT FROM 'given' THEN 'commercial_approval'
           WHEN s.consent_until <= (SELECT business_now()) THEN 'explicit_consent'
           WHEN r.commercial AND s.approval_until <= (SELECT business_now()) THEN 'commercial_approval'
           WHEN n.stale_at <= (SELECT business_now()) THEN 'explicit_consent'
       END AS refused_for,
       x.event_id AS suppression_event_id
  FROM people_v1 AS p
 CROSS JOIN purposes_v1 AS r
  LEFT JOIN consent_states AS s
         ON s.tenant_id = p.tenant_id AND s.purpose_id = r.id AND s.person_id = p.id
  LEFT JOIN notice_staleness_v1 AS n
         ON n.tenant_id = p.tenant_id AND n.notice_version_id = s.consent_notice_version_id
  LEFT JOIN LATERAL (
        SELECT q.kind, q.scope, q.event_id
          FROM suppressions AS q
         WHERE q.tenant_id = p.tenant_id AND q.person_id = p.id AND q.act = 'raised'
           AND (q.scope = 'all' OR q.scope = r.key OR (q.scope = 'marketing' AND r.class = 'marketing'))
         ORDER BY q.kind, q.scope, q.raised_by
         LIMIT 1) AS x ON true;

CREATE VIEW consent_events_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, person_id, record_kind, act, entity, purpose_id, purpose_version, notice_version_id, scope,
       occurred_at, recorded_at, valid_until, channel, method, iys_transaction_id, iys_date, evidence_digest
  FROM consent_events;

GRANT SELECT, INSERT ON consent_events TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, UPDATE ON consent_states, suppressions TO toplu_api, toplu_worker;
GRANT SELECT ON consent_verdicts_v1, consent_events_v1 TO toplu_api, toplu_worker;
