-- Halt lines that are not silent already. A halt that comes within an hour after the last one waits twice as long.
-- In:  tenant, senders[], code, scope, seconds, most_s (to which a wait may grow; a longer first wait stays as it is).
-- Out: one row: how many were halted.
WITH held AS MATERIALIZED (
    SELECT l.sender_id,
           CASE WHEN l.halted_at > clock_timestamp() - make_interval(secs => :seconds) - interval '1 hour'
                THEN least(l.halts, 20) + 1 ELSE 1 END AS halts
      FROM sender_lines AS l
     WHERE l.tenant_id = :tenant AND l.sender_id = ANY (CAST(:senders AS uuid[]))
       AND l.halted_until <= clock_timestamp()
     ORDER BY l.sender_id
       FOR UPDATE
), halted AS (
    UPDATE sender_lines AS l
       SET halted_code = :code, halted_scope = :scope, halted_at = clock_timestamp(), halts = h.halts,
           halted_until = clock_timestamp() + make_interval(
               secs => greatest(:seconds, least(:seconds * 2 ^ (h.halts - 1), :most_s)))
      FROM held AS h
     WHERE l.sender_id = h.sender_id
    RETURNING l.sender_id
)
SELECT count(*)::int FROM halted
