-- Statement 2 of a claim: under the locks, ask the gate again and move the page.
-- Allowed rows become `sending` with the fence and the evidence that allows them; refused and expired rows leave the
-- queue for their outcome here already.
-- In:  tenant, ids[] (locked by statement 1), fence, lease_s, expires_at.
-- Out: one row per message to post, with what is needed to build it. Rows closed here are absent.
WITH asked AS MATERIALIZED (
    SELECT d.id, d.batch_id, d.attempts,
           CASE WHEN :expires_at <= (SELECT business_now()) THEN 'expired'
                WHEN v.person_id IS NULL OR v.refusal IS NOT NULL THEN 'refused'
                ELSE 'sending' END AS next_state,
           CASE WHEN v.person_id IS NULL THEN 'unknown_person' ELSE v.refusal END AS refusal,
           v.refused_for, v.purpose_version, v.consent_event_id, v.approval_event_id, v.basis_event_id,
           v.notice_version_id, v.suppression_event_id
      FROM unnest(CAST(:ids AS uuid[])) AS page (id)
      JOIN dispatch AS d ON d.id = page.id AND d.tenant_id = :tenant
      LEFT JOIN LATERAL (
            SELECT * FROM consent_verdicts_v1 AS q
             WHERE q.tenant_id = d.tenant_id AND q.person_id = d.person_id AND q.purpose_id = d.purpose_id
             LIMIT 1) AS v ON true
), taken AS (
    UPDATE dispatch AS d
       SET state = 'sending', fence = :fence, claims = d.claims + 1,
           lease_until = clock_timestamp() + make_interval(secs => :lease_s),
           purpose_version = a.purpose_version, consent_event_id = a.consent_event_id,
           approval_event_id = a.approval_event_id, basis_event_id = a.basis_event_id,
           notice_version_id = a.notice_version_id
      FROM asked AS a
     WHERE d.id = a.id AND a.next_state = 'sending'
    RETURNING d.id, d.attempts
), left_queue AS (
    DELETE FROM dispatch AS d USING asked AS a WHERE d.id = a.id AND a.next_state <> 'sending'
), closed AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, purpose_version, consent_event_id,
                          approval_event_id, basis_event_id, notice_version_id, suppression_event_id, attempts)
    SELECT id, :tenant, batch_id, next_state,
           CASE next_state WHEN 'expired' THEN 'expired' ELSE refusal END,
           CASE next_state WHEN 'refused' THEN refused_for END,
           purpose_version, consent_event_id, approval_event_id, basis_event_id, notice_version_id,
           suppression_event_id, attempts
      FROM asked WHERE next_state <> 'sending'
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, fence)
    SELECT id, :tenant, next_state, CASE next_state WHEN 'refused' THEN refusal END, :fence FROM asked
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
    SELECT :tenant, batch_id, 'queued', NULL, -count(*) FROM asked GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, next_state, CASE next_state WHEN 'refused' THEN refusal END, count(*)
      FROM asked GROUP BY batch_id, next_state, CASE next_state WHEN 'refused' THEN refusal END
)
SELECT t.id, t.attempts, m.person_id, m.variables_ct, a.kind, a.value_ct, p.key_salt
  FROM taken AS t
  JOIN messages AS m ON m.id = t.id AND m.tenant_id = :tenant
  JOIN aliases_v1 AS a ON a.tenant_id = :tenant AND a.id = m.alias_id
  JOIN people_v1 AS p ON p.tenant_id = :tenant AND p.id = m.person_id
 ORDER BY t.id
