-- Take the oldest replies that are owed now, with what is needed to say them. None in a quarantined database, and none
-- of a line that is halted: WhatsApp would refuse them like its campaigns. None to a person to whom somebody else posts
-- an earlier one of the same sender, or is about to: that one is locked, or was taken since this statement began.
-- In:  tenant, limit.
-- Out: id, kind, keyword, scope, challenge_id, person_id, sender_id, tries (counts this one), alias_kind, value_ct,
--      key_salt, phone_number_id, token_ct, sayable (the window is open, the sender active, the person not erased);
--      in the order they were owed.
WITH picked AS MATERIALIZED (
    SELECT r.id, r.sender_id, r.person_id
      FROM chat_replies AS r
     WHERE r.tenant_id = :tenant AND r.state = 'owed' AND r.due_at <= clock_timestamp()
       AND EXISTS (SELECT FROM sending_allowed_v1)
       AND NOT EXISTS (SELECT FROM sender_lines_v1 AS l
                        WHERE l.tenant_id = :tenant AND l.sender_id = r.sender_id
                          AND l.halted_until > clock_timestamp())
     ORDER BY r.id
     LIMIT :limit
       FOR UPDATE SKIP LOCKED
), in_turn AS MATERIALIZED (
    SELECT p.id
      FROM picked AS p
     WHERE NOT EXISTS (SELECT FROM chat_replies AS o
                        WHERE o.tenant_id = :tenant AND o.person_id = p.person_id AND o.sender_id = p.sender_id
                          AND o.id < p.id AND (o.state = 'taken' OR o.state = 'owed' AND o.due_at <= clock_timestamp())
                          AND o.id NOT IN (SELECT id FROM picked))
), taken AS (
    UPDATE chat_replies AS r
       SET state = 'taken', taken_at = clock_timestamp(), tries = r.tries + 1
      FROM in_turn AS p
     WHERE r.id = p.id
    RETURNING r.*
)
SELECT t.id, t.kind, t.keyword, t.scope, t.challenge_id, coalesce(a.person_id, t.person_id) AS person_id,
       t.sender_id, t.tries, a.kind AS alias_kind,
       a.value_ct, p.key_salt, s.phone_number_id, s.token_ct,
       coalesce(t.window_until > clock_timestamp() AND s.state = 'active' AND p.key_salt IS NOT NULL
                AND a.value_ct IS NOT NULL, false) AS sayable
  FROM taken AS t
  LEFT JOIN aliases_v1 AS a ON a.tenant_id = :tenant AND a.id = t.alias_id
  LEFT JOIN people_v1 AS p ON p.tenant_id = :tenant AND p.id = a.person_id
  LEFT JOIN senders_v1 AS s ON s.tenant_id = :tenant AND s.id = t.sender_id
 ORDER BY t.id
