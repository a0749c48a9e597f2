-- Fold the consents, approvals and bases of a range of people again from the ledger, and compare with consent_states. What was imported without
-- proof, what is invalid and what was corrected does not count.
-- In:  tenant, after, upto (ids of people: later than the one, up to the other), most (how many differences to show).
-- Out: at least one row with the totals (compared, differing); with differences one row each:
--      person_id, of_what (purpose), record_kind.
WITH winners AS (
    SELECT DISTINCT ON (e.purpose_id, e.person_id, e.record_kind)
           e.purpose_id, e.person_id, e.record_kind, e.act, e.occurred_at, e.valid_until, e.id, e.notice_version_id
      FROM consent_events AS e
     WHERE e.tenant_id = :tenant AND e.record_kind IN ('explicit_consent', 'commercial_approval', 'basis_assertion')
       AND e.person_id > CAST(:after AS uuid) AND e.person_id <= CAST(:upto AS uuid)
       AND e.act NOT IN ('imported', 'invalid')
       AND NOT EXISTS (SELECT FROM consent_events AS c WHERE c.tenant_id = :tenant AND c.supersedes_id = e.id)
     ORDER BY e.purpose_id, e.person_id, e.record_kind, e.occurred_at DESC, e.act DESC, e.id DESC
), kept AS (
    SELECT s.purpose_id, s.person_id, k.*
      FROM consent_states AS s
     CROSS JOIN LATERAL (VALUES
            ('explicit_consent', s.consent_act, s.consent_at, s.consent_until, s.consent_event_id,
             s.consent_notice_version_id),
            ('commercial_approval', s.approval_act, s.approval_at, s.approval_until, s.approval_event_id, NULL),
            ('basis_assertion', s.basis_act, s.basis_at, s.basis_until, s.basis_event_id, NULL))
            AS k (record_kind, act, occurred_at, valid_until, id, notice_version_id)
     WHERE s.tenant_id = :tenant AND s.person_id > CAST(:after AS uuid) AND s.person_id <= CAST(:upto AS uuid)
       AND num_nonnulls(k.act, k.occurred_at, k.valid_until, k.id, k.notice_version_id) > 0
), compared AS (
    SELECT person_id, purpose_id, record_kind,
           (w.act, w.occurred_at, w.valid_until, w.id) IS DISTINCT FROM (k.act, k.occurred_at, k.valid_until, k.id)
           OR (record_kind = 'explicit_consent' AND w.notice_version_id IS DISTINCT FROM k.notice_version_id) AS differs
      FROM winners AS w
      FULL JOIN kept AS k USING (purpose_id, person_id, record_kind)
), totals AS (
    SELECT count(*) AS compared, count(*) FILTER (WHERE differs) AS differing FROM compared
)
SELECT t.compared, t.differing, d.person_id, d.purpose_id AS of_what, d.record_kind
  FROM totals AS t
  LEFT JOIN (SELECT * FROM compared WHERE differs ORDER BY person_id, purpose_id, record_kind LIMIT :most) AS d ON true
