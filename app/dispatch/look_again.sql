-- Batches that were closed for retention while rows of this person were held back are open again.
-- In:  tenant, person.
-- Out: nothing.
UPDATE batches AS b
   SET content_destroyed_at = NULL, log_destroyed_at = NULL, records_destroyed_at = NULL
 WHERE b.tenant_id = :tenant
   AND num_nonnulls(b.content_destroyed_at, b.log_destroyed_at, b.records_destroyed_at) > 0
   AND b.id IN (SELECT m.batch_id FROM messages AS m WHERE m.tenant_id = :tenant AND m.person_id = :person)
