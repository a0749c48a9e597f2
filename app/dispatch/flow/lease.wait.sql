-- A whole batch waits: its quiet hours hold now, or its account reached its people of the day. Its messages are not
-- touched; the wait is written down once for all, with what the sender was then: when that changes, as with a new limit,
-- the sweep asks again. A longer wait for another reason stays.
-- In:  tenant, batch, until, reason (quiet_hours, portfolio_limit).
-- Out: nothing. A batch that does not run (any more) is left alone, and one that waits longer already.
WITH waiting AS (
    UPDATE batches AS b SET waits_until = :until, waits_for = :reason, version = b.version + 1,
           waits_version = (SELECT s.version FROM senders_v1 AS s WHERE s.tenant_id = :tenant AND s.id = b.sender_id)
     WHERE b.tenant_id = :tenant AND b.id = :batch AND b.state = 'running'
       AND (b.waits_until IS NULL OR b.waits_until < :until)
    RETURNING b.id, b.waits_until, b.waits_for
)
INSERT INTO batch_waits (tenant_id, batch_id, reason, until)
SELECT :tenant, id, waits_for, waits_until FROM waiting
