-- Identity: one person, many aliases; the gate that follows.
ALTER TABLE notice_staleness ADD COLUMN IF NOT EXISTS purpose_ids smallint[];
CREATE OR REPLACE VIEW notice_staleness_v1 WITH (security_invoker = true) AS
SELECT tenant_id, notice_version_id, stale_at, purpose_ids FROM notice_staleness;
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
        AND (n.purpose_ids IS NULL OR r.id = ANY (n.purpose_ids))
  LEFT JOIN LATERAL (
        SELECT q.kind, q.scope, q.event_id
          FROM suppressions AS q
         WHERE q.tenant_id = p.tenant_id AND q.person_id = p.id AND q.act = 'raised'
           AND (q.scope = 'all' OR q.scope = r.key OR (q.scope = 'marketing' AND r.class = 'marketing'))
         ORDER BY q.kind, q.scope, q.raised_by
         LIMIT 1) AS x ON true;
