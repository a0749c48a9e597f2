-- Write down what became of the rows of one chunk, and the totals of the import so far.
-- In:  tenant, import, rows, opened, recorded, repeated, refused (totals), reasons[] and numbers[] (totals by reason),
--      last_row, and parallel arrays of this chunk: row_numbers[], outcomes[], why[], details[], people[].
-- Out: nothing. There is one writer per import, so the totals are simply put.
WITH counted AS (
    UPDATE consent_imports
       SET row_count = CAST(:rows AS int), opened = CAST(:opened AS int), recorded = CAST(:recorded AS int),
           repeated = CAST(:repeated AS int), refused = CAST(:refused AS int), seen_at = clock_timestamp(),
           reasons = coalesce((SELECT jsonb_object_agg(r.reason, r.n)
                                 FROM unnest(CAST(:reasons AS text[]), CAST(:numbers AS int[])) AS r (reason, n)), '{}')
     WHERE tenant_id = :tenant AND id = :import AND state = 'open'
    RETURNING id
)
INSERT INTO consent_import_chunks (tenant_id, import_id, last_row, row_numbers, outcomes, reasons, fields, people)
SELECT :tenant, c.id, CAST(:last_row AS int), CAST(:row_numbers AS int[]), CAST(:outcomes AS text[]),
       CAST(:why AS text[]), CAST(:details AS text[]), CAST(:people AS uuid[])
  FROM counted AS c
