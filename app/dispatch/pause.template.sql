-- Every running batch that speaks in the template of this one stops: for a time, or until somebody resumes it.
-- In:  tenant, batch, reason, wait_s (NULL: until somebody resumes it).
-- Out: nothing.
WITH stopped AS (
    UPDATE batches AS b
       SET state = CASE WHEN CAST(:wait_s AS int) IS NULL THEN 'paused' ELSE b.state END,
           state_reason = CASE WHEN CAST(:wait_s AS int) IS NULL THEN CAST(:reason AS text) ELSE b.state_reason END,
           waits_until = business_now() + make_interval(secs => CAST(:wait_s AS int)),
           waits_for = CASE WHEN CAST(:wait_s AS int) IS NOT NULL THEN 'template_paused' END,
           version = b.version + 1
      FROM batches AS hit
     WHERE hit.id = :batch AND hit.tenant_id = :tenant AND b.tenant_id = :tenant
       AND b.template_id = hit.template_id AND b.state = 'running'
       -- told again by a message that was on its way too: the wait is not longer for it
       AND (CAST(:wait_s AS int) IS NULL OR b.waits_for IS DISTINCT FROM 'template_paused'
            OR b.waits_until <= business_now())
    RETURNING b.id, b.waits_until
)
INSERT INTO batch_waits (tenant_id, batch_id, reason, until)
SELECT :tenant, id, 'template_paused', waits_until FROM stopped WHERE waits_until IS NOT NULL
