-- A page of everything that was written to a person, with the question of article 11/1-c answered for each message: was
-- it sent for the purpose, on the basis, and at a time at which that basis held? Computed from the ledger, not taken
-- from the message.
-- In:  tenant, person, after (or NULL), size.
-- Out: one row per message: what it was, and `faults`, which is NULL when nothing was sent, and empty when all is well.
WITH page AS MATERIALIZED (
    SELECT m.* FROM person_messages_v1 AS m
     WHERE m.tenant_id = :tenant AND m.person_id = :person
       AND (CAST(:after AS uuid) IS NULL OR m.id > CAST(:after AS uuid))
     ORDER BY m.id
     LIMIT :size
), pinned AS (
    SELECT m.id, k.event_id, k.kind, k.act
      FROM page AS m
      JOIN purposes_v1 AS r ON r.id = m.purpose_id
     CROSS JOIN LATERAL (VALUES
            (m.consent_event_id, 'explicit_consent', 'given', r.legal_basis = 'kvkk_5_1'),
            (m.approval_event_id, 'commercial_approval', 'given', r.commercial),
            (m.basis_event_id, 'basis_assertion', 'asserted', r.legal_basis <> 'kvkk_5_1')) AS k (event_id, kind, act, needed)
     WHERE k.needed AND m.claimed_at IS NOT NULL
), judged AS (
    SELECT m.id,
           CASE WHEN e.id IS NULL THEN p.kind || '_missing'
                WHEN coalesce(theirs.merged_into, e.person_id) <> coalesce(ours.merged_into, m.person_id) THEN p.kind || '_of_somebody_else'
                WHEN e.purpose_id IS DISTINCT FROM m.purpose_id THEN p.kind || '_for_another_purpose'
                WHEN e.record_kind <> p.kind OR e.act <> p.act THEN p.kind || '_not_given'
                WHEN e.recorded_at > m.claimed_at THEN p.kind || '_later_than_message'
                WHEN e.valid_until <= m.claimed_at THEN p.kind || '_expired'
                WHEN EXISTS (SELECT FROM consent_events_v1 AS n
                              WHERE n.tenant_id = :tenant AND n.person_id = e.person_id AND n.purpose_id = e.purpose_id
                                AND n.record_kind = e.record_kind
                                AND n.act IN ('refused', 'withdrawn', 'ended', 'invalidated')
                                AND (n.occurred_at, n.act, n.id) > (e.occurred_at, e.act, e.id)
                                AND n.recorded_at < m.claimed_at) THEN p.kind || '_taken_back_before'
           END AS fault
      FROM pinned AS p
      JOIN page AS m ON m.id = p.id
      LEFT JOIN consent_events_v1 AS e ON e.tenant_id = :tenant AND e.id = p.event_id
      LEFT JOIN people_v1 AS theirs ON theirs.tenant_id = :tenant AND theirs.id = e.person_id
      LEFT JOIN people_v1 AS ours ON ours.tenant_id = :tenant AND ours.id = m.person_id
    UNION ALL
    SELECT m.id, 'stopped_before'
      FROM page AS m
      JOIN purposes_v1 AS r ON r.id = m.purpose_id
     WHERE m.claimed_at IS NOT NULL
       AND EXISTS (SELECT FROM consent_events_v1 AS n
                    WHERE n.tenant_id = :tenant AND n.person_id = m.person_id AND n.act = 'raised'
                      AND n.recorded_at < m.claimed_at
                      AND (n.scope IN ('all', r.key) OR (n.scope = 'marketing' AND r.class = 'marketing'))
                      AND NOT EXISTS (SELECT FROM consent_events_v1 AS l
                                       WHERE l.tenant_id = :tenant AND l.person_id = n.person_id AND l.act = 'lifted'
                                         AND l.record_kind = n.record_kind AND l.scope = n.scope AND l.entity = n.entity
                                         AND (l.occurred_at, l.act, l.id) > (n.occurred_at, n.act, n.id)
                                         AND l.recorded_at < m.claimed_at))
)
SELECT m.id, m.state, m.reason, m.reason_detail, r.key AS purpose, m.purpose_version, r.legal_basis, m.template_name,
       m.template_language, m.template_version, m.consent_event_id, m.approval_event_id, m.basis_event_id,
       m.notice_version_id, m.suppression_event_id, m.claimed_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at,
       m.variables_ct, m.reference,
       CASE WHEN m.claimed_at IS NOT NULL
            THEN ARRAY(SELECT j.fault FROM judged AS j WHERE j.id = m.id AND j.fault IS NOT NULL ORDER BY 1) END AS faults
  FROM page AS m
  JOIN purposes_v1 AS r ON r.id = m.purpose_id
 ORDER BY m.id
