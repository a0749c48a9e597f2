-- Statement 2 of a claim: under the locks, ask the gate again and move the page.
-- Allowed rows become `sending` with the fence and the evidence that allows them; refused and expired rows leave the
-- queue for their outcome here already. A row that would be one too many for its person stays queued until the oldest
-- of those that count leaves its window, and a row of a person whom WhatsApp wants left alone until that time has come;
-- either expires now when that comes too late. What was posted once already and got no answer (`unsure`) and may not be
-- posted again is uncertain, on the evidence it was posted on.
-- The batch may have been accepted for two people who turned out to be one: what comes second is a duplicate, unless
-- the first never reached WhatsApp, or was refused there.
-- In:  tenant, parallel arrays ids[] and people[] (locked by statement 1), fence, lease_s, expires_at, capped, per_7_days,
--      per_30_days (NULL: no cap), and what counts, held by `lease.count.sql`: parallel arrays counted_people[],
--      counted_messages[], counted_at[]; and parallel arrays held_people[], held_until[].
-- Out: one row per message to post, with what is needed to build it, in the order of `held.Leased`. Rows closed or put off
--      here are absent.
WITH counted_before AS MATERIALIZED (
    SELECT person_id, message_id, max(at) AS at
      FROM unnest(CAST(:counted_people AS uuid[]), CAST(:counted_messages AS uuid[]),
                  CAST(:counted_at AS timestamptz[])) AS c (person_id, message_id, at)
     GROUP BY person_id, message_id
), page AS MATERIALIZED (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[])) AS t (id, person_id)
), counts AS MATERIALIZED (
    -- A message counts once, at its last claim: one that came back unposted does not stand in its own way.
    SELECT page.id,
           greatest((array_agg(c.at ORDER BY c.at DESC))[CAST(:per_7_days AS int)] + interval '7 days',
                    (array_agg(c.at ORDER BY c.at DESC))[CAST(:per_30_days AS int)] + interval '30 days') AS free_at
      FROM page
      JOIN counted_before AS c ON c.person_id = page.person_id AND c.message_id <> page.id
     GROUP BY page.id
), held AS MATERIALIZED (
    SELECT person_id, max(until) AS until
      FROM unnest(CAST(:held_people AS uuid[]), CAST(:held_until AS timestamptz[])) AS h (person_id, until)
     GROUP BY person_id
), one_of_two AS MATERIALIZED (
    -- Everybody a person of the page is known as: nobody at all, unless they absorbed somebody.
    SELECT DISTINCT q.merged_into AS person_id, k.known_as
      FROM people_v1 AS q
     CROSS JOIN LATERAL (VALUES (q.id), (q.merged_into)) AS k (known_as)
     WHERE q.tenant_id = :tenant AND q.merged_into = ANY (CAST(:people AS uuid[]))
), written AS MATERIALIZED (
    -- Of the page: what follows another message of the same batch to the same person.
    SELECT DISTINCT d.id
      FROM page
      JOIN one_of_two AS w ON w.person_id = page.person_id
      JOIN dispatch AS d ON d.id = page.id AND d.tenant_id = :tenant
      JOIN batch_members AS b ON b.tenant_id = :tenant AND b.batch_id = d.batch_id AND b.recipient_key = w.known_as
      LEFT JOIN dispatch AS s ON s.id = b.message_id AND s.tenant_id = :tenant
      LEFT JOIN outcomes AS o ON o.id = b.message_id AND o.tenant_id = :tenant
     WHERE b.message_id <> d.id AND (s.state = 'sending' OR s.unsure OR o.state IN ('sent', 'delivered', 'read', 'uncertain'))
), judged AS (
    SELECT d.id, d.batch_id, page.person_id, d.attempts, later.free_at,
           CASE WHEN :expires_at <= (SELECT business_now()) THEN 'expired'
                WHEN a.id IS NULL OR v.person_id IS NULL OR v.refusal IS NOT NULL THEN 'refused'
                WHEN later.free_at >= :expires_at THEN 'expired'
                WHEN later.free_at IS NOT NULL THEN 'queued'
                ELSE 'sending' END AS next_state,
           -- What stops the person is said first; then that the line this message would go to is closed.
           CASE WHEN v.person_id IS NULL THEN 'unknown_person'
                WHEN v.refusal IS NULL AND a.id IS NULL THEN 'line_closed'
                ELSE v.refusal END AS refusal,
           CASE WHEN :expires_at > (SELECT business_now()) AND a.id IS NOT NULL AND v.person_id IS NOT NULL
                 AND v.refusal IS NULL AND later.free_at IS NOT NULL
                THEN CASE WHEN later.free_at = held.until THEN 'engagement_hold' ELSE 'frequency_cap' END
            END AS put_off_by,
           v.refused_for, v.purpose_version, v.consent_event_id, v.approval_event_id, v.basis_event_id,
           v.notice_version_id, v.suppression_event_id,
           d.unsure, d.purpose_version AS posted_version, d.consent_event_id AS posted_consent,
           d.approval_event_id AS posted_approval, d.basis_event_id AS posted_basis,
           d.notice_version_id AS posted_notice
      FROM page
      JOIN dispatch AS d ON d.id = page.id AND d.tenant_id = :tenant
      JOIN messages AS m ON m.id = page.id AND m.tenant_id = :tenant
      LEFT JOIN aliases_v1 AS a ON a.tenant_id = :tenant AND a.id = m.alias_id
      LEFT JOIN counts AS c ON c.id = d.id
      LEFT JOIN held ON held.person_id = page.person_id
     CROSS JOIN LATERAL (
            SELECT max(t.free_at) AS free_at FROM (VALUES (c.free_at), (held.until)) AS t (free_at)
             WHERE t.free_at > (SELECT business_now())) AS later
      LEFT JOIN LATERAL (
            SELECT * FROM consent_verdicts_v1 AS q
             WHERE q.tenant_id = d.tenant_id AND q.person_id = d.person_id AND q.purpose_id = d.purpose_id
             LIMIT 1) AS v ON true
), told AS (
    SELECT j.*, j.next_state IN ('queued', 'sending')
                AND (EXISTS (SELECT FROM written AS w WHERE w.id = j.id)
                     OR row_number() OVER (PARTITION BY j.batch_id, j.person_id, j.next_state ORDER BY j.id) > 1) AS again
      FROM judged AS j
), asked AS MATERIALIZED (
    SELECT id, batch_id, person_id, attempts, free_at,
           CASE WHEN again THEN 'refused' ELSE next_state END AS next_state,
           CASE WHEN again THEN 'duplicate' ELSE refusal END AS refusal,
           CASE WHEN NOT again THEN put_off_by END AS put_off_by,
           refused_for, purpose_version, consent_event_id, approval_event_id, basis_event_id, notice_version_id,
           suppression_event_id, unsure, posted_version, posted_consent, posted_approval, posted_basis, posted_notice
      FROM told
), taken AS (
    UPDATE dispatch AS d
       SET state = 'sending', fence = :fence, claims = d.claims + 1, waits_for = NULL,
           lease_until = clock_timestamp() + make_interval(secs => :lease_s),
           purpose_version = a.purpose_version, consent_event_id = a.consent_event_id,
           approval_event_id = a.approval_event_id, basis_event_id = a.basis_event_id,
           notice_version_id = a.notice_version_id
      FROM asked AS a
     WHERE d.id = a.id AND a.next_state = 'sending'
    RETURNING d.id, d.attempts, d.claims
), put_off AS (
    UPDATE dispatch AS d
       SET due_at = clock_timestamp() + (a.free_at - (SELECT business_now())), waits_for = a.put_off_by
      FROM asked AS a
     WHERE d.id = a.id AND a.next_state = 'queued'
), counted_people AS (
    INSERT INTO frequency_counts (person_id, tenant_id, message_ids, claimed_at)
    SELECT k.person_id, :tenant, array_agg(k.message_id ORDER BY k.at DESC), array_agg(k.at ORDER BY k.at DESC)
      FROM (SELECT a.person_id, c.message_id, c.at
              FROM asked AS a JOIN counted_before AS c ON c.person_id = a.person_id AND c.message_id <> a.id
             WHERE a.next_state = 'sending' AND c.at > (SELECT business_now()) - interval '30 days'
            UNION ALL
            SELECT a.person_id, a.id, (SELECT business_now()) FROM asked AS a WHERE a.next_state = 'sending') AS k
     WHERE CAST(:capped AS bool)
     GROUP BY k.person_id
    ON CONFLICT (person_id) DO UPDATE SET message_ids = excluded.message_ids, claimed_at = excluded.claimed_at
), left_queue AS (
    DELETE FROM dispatch AS d USING asked AS a WHERE d.id = a.id AND a.next_state IN ('refused', 'expired')
), closed AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, purpose_version, consent_event_id,
                          approval_event_id, basis_event_id, notice_version_id, suppression_event_id, attempts)
    SELECT id, :tenant, batch_id, next_state,
           CASE next_state WHEN 'expired' THEN 'expired' ELSE refusal END,
           CASE next_state WHEN 'refused' THEN refused_for ELSE put_off_by END,
           purpose_version, consent_event_id, approval_event_id, basis_event_id, notice_version_id,
           suppression_event_id, attempts
      FROM asked WHERE next_state IN ('refused', 'expired') AND NOT unsure
    UNION ALL
    SELECT id, :tenant, batch_id, 'uncertain', 'not_sent_again',
           CASE next_state WHEN 'refused' THEN refusal ELSE 'expired' END,
           posted_version, posted_consent, posted_approval, posted_basis, posted_notice, suppression_event_id, attempts
      FROM asked WHERE next_state IN ('refused', 'expired') AND unsure
), logged AS (
    INSERT INTO delivery_events (message_id, tenant_id, kind, reason, fence, until)
    SELECT id, :tenant,
           CASE WHEN next_state = 'queued' THEN 'deferred'
                WHEN unsure AND next_state <> 'sending' THEN 'uncertain' ELSE next_state END,
           CASE WHEN unsure AND next_state IN ('refused', 'expired') THEN 'not_sent_again'
                WHEN next_state = 'refused' THEN refusal ELSE put_off_by END, :fence,
           CASE next_state WHEN 'queued' THEN free_at END
      FROM asked
), counted AS (
    INSERT INTO batch_counts (tenant_id, batch_id, state, reason, n)
    SELECT :tenant, batch_id, 'queued', NULL, -count(*) FROM asked WHERE next_state <> 'queued' GROUP BY batch_id
    UNION ALL
    SELECT :tenant, batch_id, next_state, CASE next_state WHEN 'refused' THEN refusal END, count(*)
      FROM asked WHERE next_state = 'sending' OR (next_state <> 'queued' AND NOT unsure)
     GROUP BY batch_id, next_state, CASE next_state WHEN 'refused' THEN refusal END
    UNION ALL
    SELECT :tenant, batch_id, 'uncertain', NULL, count(*)
      FROM asked WHERE next_state IN ('refused', 'expired') AND unsure GROUP BY batch_id
)
-- The alias is opened with the key of whoever it belongs to now, the values with the key of whom they were sealed for.
SELECT t.id, t.attempts, m.person_id, a.kind, a.value_ct, m.variables_ct, p.key_salt, a.person_id AS holder_id,
       h.key_salt AS holder_salt, t.claims
  FROM taken AS t
  JOIN messages AS m ON m.id = t.id AND m.tenant_id = :tenant
  JOIN aliases_v1 AS a ON a.tenant_id = :tenant AND a.id = m.alias_id
  JOIN people_v1 AS p ON p.tenant_id = :tenant AND p.id = m.person_id
  JOIN people_v1 AS h ON h.tenant_id = :tenant AND h.id = a.person_id
 ORDER BY t.id
