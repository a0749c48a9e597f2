-- End the halt of a line; one of its account or token ends it for all that were halted for the same.
-- In:  tenant, sender.
-- Out: one row per line that was halted: sender_id.
WITH held AS MATERIALIZED (
    SELECT l.sender_id
      FROM sender_lines AS l
      JOIN senders AS s ON s.id = l.sender_id AND s.tenant_id = :tenant
      JOIN sender_lines AS mine ON mine.sender_id = :sender AND mine.tenant_id = :tenant
      JOIN senders AS own ON own.id = mine.sender_id
     WHERE l.tenant_id = :tenant AND l.halted_scope IS NOT NULL
       AND (l.sender_id = mine.sender_id
            OR (mine.halted_scope IN ('account', 'credentials') AND l.halted_scope = mine.halted_scope
                AND l.halted_code IS NOT DISTINCT FROM mine.halted_code
                AND (s.waba_id = own.waba_id OR s.token_last4 = own.token_last4)))
     ORDER BY l.sender_id
       FOR UPDATE OF l
)
UPDATE sender_lines AS l
   SET halted_until = '-infinity', halted_code = NULL, halted_scope = NULL, halts = 0
  FROM held AS h
 WHERE l.sender_id = h.sender_id
RETURNING l.sender_id
