-- Write a decided chunk: every row into messages; the allowed into the queue, the refused straight to their outcome.
-- A recipient who is in this batch already (another alias, an earlier chunk) becomes a refused duplicate here. Whoever
-- writes holds the batch's one open upload, so nobody joins between the look and the insert; if they did, the unique key
-- refuses the whole chunk. Looking first costs 1 us a row; ON CONFLICT, which claims each place on trial, cost 4 (2026-11).
-- In:  tenant, batch, upload, sender, purpose; the rows stand in the staging table (`enqueue.stage.sql`).
-- Out: row_number of each row that became a duplicate here.
WITH known AS MATERIALIZED (
    SELECT g.row_number
      FROM pg_temp.incoming_rows AS g
     -- LIMIT keeps it to one probe per row, however large the batch is and whatever the planner thinks of it.
     CROSS JOIN LATERAL (
           SELECT FROM batch_members AS m
            WHERE m.tenant_id = :tenant AND m.batch_id = :batch AND m.recipient_key = g.member LIMIT 1) AS m
), joined AS (
    INSERT INTO batch_members (tenant_id, batch_id, recipient_key, upload_id, message_id)
    SELECT :tenant, :batch, member, :upload, id
      FROM pg_temp.incoming_rows
     WHERE member IS NOT NULL AND row_number NOT IN (SELECT row_number FROM known)
     ORDER BY member
), written AS (
    INSERT INTO messages (id, tenant_id, batch_id, upload_id, row_number, person_id, alias_id, recipient_hash, variables_ct,
                          reference, refusal, refusal_detail, consent_event_id, approval_event_id, basis_event_id,
                          notice_version_id, suppression_event_id)
    SELECT id, :tenant, :batch, :upload, row_number, person_id, alias_id, hash, variables_ct, reference, refusal, detail,
           consent_event_id, approval_event_id, basis_event_id, notice_version_id, suppression_event_id
      FROM pg_temp.incoming_rows
     WHERE row_number NOT IN (SELECT row_number FROM known)
    UNION ALL
    SELECT id, :tenant, :batch, :upload, row_number, person_id, alias_id, hash, NULL, reference, 'duplicate', NULL,
           consent_event_id, approval_event_id, basis_event_id, notice_version_id, suppression_event_id
      FROM pg_temp.incoming_rows
     WHERE row_number IN (SELECT row_number FROM known)
), queued AS (
    INSERT INTO dispatch (id, tenant_id, batch_id, sender_id, person_id, purpose_id)
    -- In the order given: `due_at` is the moment of each insert, and whoever comes first is sent first.
    SELECT id, :tenant, :batch, :sender, person_id, :purpose
      FROM pg_temp.incoming_rows
     WHERE refusal IS NULL AND row_number NOT IN (SELECT row_number FROM known)
     ORDER BY id
), closed AS (
    INSERT INTO outcomes (id, tenant_id, batch_id, state, reason, reason_detail, suppression_event_id)
    SELECT id, :tenant, :batch, 'refused', refusal, detail, suppression_event_id
      FROM pg_temp.incoming_rows
     WHERE refusal IS NOT NULL AND row_number NOT IN (SELECT row_number FROM known)
    UNION ALL
    SELECT id, :tenant, :batch, 'refused', 'duplicate', NULL, suppression_event_id
      FROM pg_temp.incoming_rows
     WHERE row_number IN (SELECT row_number FROM known)
)
SELECT row_number FROM known
