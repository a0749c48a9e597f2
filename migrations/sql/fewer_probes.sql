-- Whose rows a statement may see is asked once per statement, and each person once. The same rows as before are seen.

-- As a sub-select the tenant is read once and kept. As a bare call it was inlined, and so the setting was looked up, compared
-- and cast for every row that was written and every probe of an index: 4 of 23 us of each recipient's check, 1 us of
-- writing them (2026-11).
CREATE OR REPLACE FUNCTION guard_tenant_rows(target regclass) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %s USING (tenant_id = (SELECT current_tenant())) '
                   'WITH CHECK (tenant_id = (SELECT current_tenant()))', target);
END $$;
DO $$
DECLARE
    guarded record;
BEGIN
    FOR guarded IN
        SELECT p.polrelid::regclass AS relation
          FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
         WHERE p.polname = 'tenant_rows' AND c.relnamespace = 'toplu'::regnamespace
    LOOP
        EXECUTE format('ALTER POLICY tenant_rows ON %s USING (tenant_id = (SELECT current_tenant())) '
                       'WITH CHECK (tenant_id = (SELECT current_tenant()))', guarded.relation);
    END LOOP;
END $$;

-- The gate's own order, so that the first stop of a person is found without sorting. Few people have any.
CREATE INDEX suppressions_first ON suppressions (tenant_id, person_id, kind, scope, raised_by) WHERE act = 'raised';

-- The gate as it was, and what opens the person's values: who asks it about a chunk has looked at the person with that.
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
       x.event_id AS suppression_event_id,
       p.key_salt
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
           AND ((q.scope = 'all' AND NOT (q.raised_by = 'person' AND r.legal_basis = 'kvkk_5_2_cc')) OR q.scope = r.key
                OR (q.scope = 'marketing' AND r.class = 'marketing'))
         ORDER BY q.kind, q.scope, q.raised_by
         LIMIT 1) AS x ON true;
