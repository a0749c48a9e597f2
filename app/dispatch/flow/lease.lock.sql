-- Statement 1 of a claim: lock a page. Takes the line's row, the batch's, queued messages of it, and their people.
-- A person who is being restricted right now is locked by that act and waits for a later page. Nothing is decided here:
-- a verdict in this statement would rest on a snapshot older than the lock.
-- In:  tenant, sender, batch, owner, fence, size, only[] (NULL: whichever are due).
-- Out: the locked rows in the order of their turn: id, and who their person is now (whoever absorbed them, if somebody
--      did): under this lock nobody absorbs them. None when the line is no longer ours, or halted, the batch does not
--      run, or waits, or the database was restored.
WITH line AS MATERIALIZED (
    SELECT 1 FROM sender_lines_v1
     WHERE tenant_id = :tenant AND sender_id = :sender AND owner = :owner AND fence = :fence
       AND lease_until > clock_timestamp() AND halted_until <= clock_timestamp()
       AND EXISTS (SELECT FROM sending_allowed_v1)
       FOR SHARE
), batch AS MATERIALIZED (
    -- Whoever pauses, cancels or puts it off changes this row: what was claimed before has committed by then, and
    -- whoever comes after sees that it does not run. So no claim commits after the pause did.
    SELECT 1 FROM batches
     WHERE tenant_id = :tenant AND id = :batch AND state = 'running'
       AND (waits_until IS NULL OR waits_until <= business_now())
       FOR SHARE
)
SELECT d.id, coalesce(p.merged_into, p.id) AS person_id
  FROM dispatch AS d
  JOIN people_v1 AS p ON p.tenant_id = d.tenant_id AND p.id = d.person_id
 WHERE d.tenant_id = :tenant AND d.batch_id = :batch AND d.state = 'queued' AND d.due_at <= (SELECT clock_timestamp())
   AND EXISTS (SELECT FROM line)
   AND EXISTS (SELECT FROM batch)
   AND (CAST(:only AS uuid[]) IS NULL OR d.id = ANY (CAST(:only AS uuid[])))
 ORDER BY d.due_at, d.id
 LIMIT :size
   FOR UPDATE OF d SKIP LOCKED
   FOR SHARE OF p SKIP LOCKED
