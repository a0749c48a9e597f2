-- Write a decided chunk: every row into messages; the allowed into the queue, the refused straight to their outcome.
-- A recipient who is already in this batch (another alias, an earlier chunk) becomes a refused duplicate here, where
-- the unique key decides.
-- In:  tenant, batch, upload, sender, purpose; the rows stand in the staging table (`enqueue.stage.sql`).
-- Out: state, reason, n: how many rows went where; for duplicates found here also their row_numbers.
WITH joined AS (
    INSERT INTO batch_members (tenant_id, batch_id, recipient_key, upload_id, message_id)
    SELECT :tenant, :batch, member, :upload, id FROM pg_temp.incoming_rows WHERE member IS NOT NULL ORDER BY member
    ON CONFLICT (batch_id, recipient_key) DO NOTHING
    RETURNING recipient_key
), decided AS MATERIALIZED (
    SELECT g.id, g.row_number, g.person_id, g.alias_id, g.hash, g.variables_ct, g.reference,
           CASE WHEN g.member IS NULL OR j.recipient_key IS NOT NULL THEN g.detail END AS detail,
           g.consent_event_id, g.approval_event_id, g.basis_event_id, g.notice_version_id, g.suppression_event_id,
           CASE WHEN g.member IS NOT NULL AND j.recipient_key IS NULL THEN 'duplicate' ELSE g.refusal END AS refusal,
           g.member IS NOT NULL AND j.recipient_key IS NULL AS known
      FROM pg_temp.incoming_rows AS g LEFT JOIN joined AS j ON j.recipient_key = g.member
), written AS (
    INSERT INTO messages (id, tenant_id, batch_id, upload_id, row_number, person_id, alias_id, recipient_hash, variables_ct,
                          reference, refusal, refusal_detail, consent_event_id, approval_event_id, basis_event_id,
                          notice_version_id, suppression_event_id)
    SELECT id, :tenant, :batch, :upload, row_number, person_id, alias_id, hash,
           CASE WHEN refusal IS NULL THEN variables_ct END, reference, refusal, detail, consent_event_id,
           approval_event_id, basis_event_id, notice_version_id, suppression_event_id
      FROM decided
), queued AS (
    INSERT INTO dispatch (id, tenant_id, batch_id, sender_id, person_id, purpose_id)
    -- In the order given: `due_at` is the moment of each insert, and whoever comes first is sent first.
    SELECT id, :tenant, :batch, :sender, person_id, :purpose FROM decided WHERE refusal IS NULL ORDER BY id
), closed AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, suppression_event_id)
    SELECT id, :tenant, :batch, 'refused', refusal, detail, suppression_event_id FROM decided WHERE refusal IS NOT NULL
)
SELECT CASE WHEN refusal IS NULL THEN 'queued' ELSE 'refused' END AS state, refusal AS reason, count(*)::int AS n,
       array_agg(row_number) FILTER (WHERE known) AS duplicates
  FROM decided GROUP BY 1, 2
