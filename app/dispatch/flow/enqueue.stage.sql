-- Where a chunk is copied to before it is written: seen by this connection alone, emptied by its commit.
-- In:  nothing.
-- Out: nothing.
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_rows (
    id uuid,
    row_number int,
    refusal text,
    detail text,
    member uuid,
    person_id uuid,
    alias_id uuid,
    hash uuid,
    variables_ct bytea,
    reference text,
    consent_event_id uuid,
    approval_event_id uuid,
    basis_event_id uuid,
    notice_version_id uuid,
    suppression_event_id uuid
) ON COMMIT DELETE ROWS
