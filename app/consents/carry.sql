-- Carry what stands of one person over to another: append to the ledger, and fold.
-- In:  tenant, gone, into, opening (false: only what restricts).
-- Out: nothing.
-- Of two acts of a kind the greater one counts, from the later of both times: acts that restrict come later in the alphabet.
-- Nothing is appended where that is what stands already.
WITH told AS (
    SELECT s.person_id, s.purpose_id, k.*
      FROM consent_states AS s
     CROSS JOIN LATERAL (VALUES
            ('explicit_consent', s.consent_act, s.consent_at, s.consent_until, s.consent_event_id,
             s.consent_notice_version_id),
            ('commercial_approval', s.approval_act, s.approval_at, s.approval_until, s.approval_event_id, NULL),
            ('basis_assertion', s.basis_act, s.basis_at, s.basis_until, s.basis_event_id, NULL))
            AS k (record_kind, act, at, until, event_id, notice_version_id)
     WHERE s.tenant_id = :tenant AND s.person_id IN (:gone, :into) AND k.act IS NOT NULL
       AND (s.person_id = :into OR :opening OR k.act NOT IN ('given', 'asserted'))
), met AS (
    SELECT purpose_id, record_kind, max(act) AS act, max(at) AS at,
           (array_agg(event_id ORDER BY act DESC, at DESC, event_id DESC))[1] AS event_id,
           (array_agg(until ORDER BY act DESC, at DESC, event_id DESC))[1] AS until,
           (array_agg(notice_version_id ORDER BY act DESC, at DESC, event_id DESC))[1] AS notice_version_id
      FROM told
     GROUP BY purpose_id, record_kind
), carried AS (
    INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, purpose_id, purpose_version,
                                notice_version_id, occurred_at, valid_until, channel, method, iys_transaction_id,
                                iys_date, carried_from)
    SELECT new_id(), :tenant, :into, m.record_kind, m.act, e.entity, m.purpose_id, e.purpose_version,
           m.notice_version_id, m.at, m.until, e.channel, e.method, e.iys_transaction_id, e.iys_date, e.id
      FROM met AS m
      JOIN consent_events AS e ON e.tenant_id = :tenant AND e.id = m.event_id
     WHERE NOT EXISTS (SELECT FROM told AS t
                        WHERE t.person_id = :into AND t.event_id = m.event_id AND t.at = m.at)
    RETURNING id, record_kind, act, purpose_id, notice_version_id, occurred_at AS at, valid_until AS until
)
INSERT INTO consent_states AS s (tenant_id, purpose_id, person_id,
       consent_act, consent_at, consent_until, consent_event_id, consent_notice_version_id,
       approval_act, approval_at, approval_until, approval_event_id, basis_act, basis_at, basis_until, basis_event_id)
SELECT :tenant, n.purpose_id, :into, c.act, c.at, c.until, c.id, c.notice_version_id,
       a.act, a.at, a.until, a.id, b.act, b.at, b.until, b.id
  FROM (SELECT DISTINCT purpose_id FROM carried) AS n
  LEFT JOIN carried AS c ON c.purpose_id = n.purpose_id AND c.record_kind = 'explicit_consent'
  LEFT JOIN carried AS a ON a.purpose_id = n.purpose_id AND a.record_kind = 'commercial_approval'
  LEFT JOIN carried AS b ON b.purpose_id = n.purpose_id AND b.record_kind = 'basis_assertion'
 ORDER BY n.purpose_id
ON CONFLICT (tenant_id, purpose_id, person_id) DO UPDATE
   SET (consent_act, consent_at, consent_until, consent_event_id, consent_notice_version_id) =
       (SELECT * FROM (VALUES
            (s.consent_act, s.consent_at, s.consent_until, s.consent_event_id, s.consent_notice_version_id),
            (excluded.consent_act, excluded.consent_at, excluded.consent_until, excluded.consent_event_id,
             excluded.consent_notice_version_id)) AS w (act, at, until, id, notice)
         ORDER BY at DESC NULLS LAST, act DESC, id DESC LIMIT 1),
       (approval_act, approval_at, approval_until, approval_event_id) =
       (SELECT * FROM (VALUES
            (s.approval_act, s.approval_at, s.approval_until, s.approval_event_id),
            (excluded.approval_act, excluded.approval_at, excluded.approval_until, excluded.approval_event_id))
            AS w (act, at, until, id)
         ORDER BY at DESC NULLS LAST, act DESC, id DESC LIMIT 1),
       (basis_act, basis_at, basis_until, basis_event_id) =
       (SELECT * FROM (VALUES
            (s.basis_act, s.basis_at, s.basis_until, s.basis_event_id),
            (excluded.basis_act, excluded.basis_at, excluded.basis_until, excluded.basis_event_id))
            AS w (act, at, until, id)
         ORDER BY at DESC NULLS LAST, act DESC, id DESC LIMIT 1)
