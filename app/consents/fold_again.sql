-- Fold consents and approvals of some people again from the ledger, after one of their lines was corrected.
-- In:  tenant, and parallel arrays: people[], purposes[], kinds[] (a person may occur more than once).
-- Out: nothing. Runs in a statement after the lock (fold_again.lock.sql), so it sees what committed before the lock. The
--      rule is that of append.sql; where no line counts any more, the state of that kind becomes empty.
WITH wanted AS (
    SELECT DISTINCT person_id, purpose_id, record_kind
      FROM unnest(CAST(:people AS uuid[]), CAST(:purposes AS smallint[]), CAST(:kinds AS text[]))
        AS w (person_id, purpose_id, record_kind)
), folded AS (
    SELECT w.person_id, w.purpose_id, w.record_kind, e.act, e.occurred_at, e.valid_until, e.id, e.notice_version_id
      FROM wanted AS w
      LEFT JOIN LATERAL (
            SELECT v.act, v.occurred_at, v.valid_until, v.id, v.notice_version_id
              FROM consent_events AS v
             WHERE v.tenant_id = :tenant AND v.person_id = w.person_id AND v.purpose_id = w.purpose_id
               AND v.record_kind = w.record_kind AND v.act NOT IN ('imported', 'invalid')
               AND NOT EXISTS (SELECT FROM consent_events AS c WHERE c.tenant_id = :tenant AND c.supersedes_id = v.id)
             ORDER BY v.occurred_at DESC, v.act DESC, v.id DESC
             LIMIT 1) AS e ON true
), again AS (
    SELECT person_id, purpose_id,
           bool_or(record_kind = 'explicit_consent') AS consent,
           max(act) FILTER (WHERE record_kind = 'explicit_consent') AS consent_act,
           max(occurred_at) FILTER (WHERE record_kind = 'explicit_consent') AS consent_at,
           max(valid_until) FILTER (WHERE record_kind = 'explicit_consent') AS consent_until,
           (array_agg(id) FILTER (WHERE record_kind = 'explicit_consent'))[1] AS consent_event_id,
           (array_agg(notice_version_id) FILTER (WHERE record_kind = 'explicit_consent'))[1] AS consent_notice_version_id,
           bool_or(record_kind = 'commercial_approval') AS approval,
           max(act) FILTER (WHERE record_kind = 'commercial_approval') AS approval_act,
           max(occurred_at) FILTER (WHERE record_kind = 'commercial_approval') AS approval_at,
           max(valid_until) FILTER (WHERE record_kind = 'commercial_approval') AS approval_until,
           (array_agg(id) FILTER (WHERE record_kind = 'commercial_approval'))[1] AS approval_event_id
      FROM folded
     GROUP BY person_id, purpose_id
)
UPDATE consent_states AS s
   SET consent_act = CASE WHEN a.consent THEN a.consent_act ELSE s.consent_act END,
       consent_at = CASE WHEN a.consent THEN a.consent_at ELSE s.consent_at END,
       consent_until = CASE WHEN a.consent THEN a.consent_until ELSE s.consent_until END,
       consent_event_id = CASE WHEN a.consent THEN a.consent_event_id ELSE s.consent_event_id END,
       consent_notice_version_id =
           CASE WHEN a.consent THEN a.consent_notice_version_id ELSE s.consent_notice_version_id END,
       approval_act = CASE WHEN a.approval THEN a.approval_act ELSE s.approval_act END,
       approval_at = CASE WHEN a.approval THEN a.approval_at ELSE s.approval_at END,
       approval_until = CASE WHEN a.approval THEN a.approval_until ELSE s.approval_until END,
       approval_event_id = CASE WHEN a.approval THEN a.approval_event_id ELSE s.approval_event_id END
  FROM again AS a
 WHERE s.tenant_id = :tenant AND s.person_id = a.person_id AND s.purpose_id = a.purpose_id
