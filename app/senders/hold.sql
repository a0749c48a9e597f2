-- Take a sender's line, or keep it: one drainer per sender, with a fence that grows whenever it is taken, also by the
-- worker that had it: a fence belongs to one drain, which alone knows what it posted under it.
-- In:  tenant, sender, owner, lease_s, and what its drainer says of its pace when it keeps the line: rate (NULL: it takes
--      the line), ahead_s.
-- Out: one row when the line is ours now: fence, halted_s (seconds it must stay silent still), half_open
--      (it was halted, and nothing was taken since), and the pace written down last: rate (NULL: none ever), rate_age_s,
--      ahead_s. No row: somebody has it, or nothing may leave this database (`guard`).
UPDATE sender_lines AS l
   SET owner = :owner,
       fence = CASE WHEN CAST(:rate AS double precision) IS NOT NULL AND l.owner = :owner
                     AND l.lease_until > clock_timestamp() THEN l.fence ELSE l.fence + 1 END,
       lease_until = clock_timestamp() + make_interval(secs => :lease_s),
       rate = coalesce(CAST(:rate AS double precision), l.rate),
       rate_at = CASE WHEN CAST(:rate AS double precision) IS NULL THEN l.rate_at ELSE clock_timestamp() END,
       next_slot_at = CASE WHEN CAST(:rate AS double precision) IS NULL THEN l.next_slot_at
                           ELSE clock_timestamp() + make_interval(secs => :ahead_s) END
 WHERE l.tenant_id = :tenant AND l.sender_id = :sender
   AND (l.lease_until < clock_timestamp() OR l.owner = :owner)
   AND EXISTS (SELECT FROM sending_allowed_v1)
RETURNING l.fence, greatest(0, extract(epoch FROM l.halted_until - clock_timestamp()))::double precision AS halted_s,
          l.halted_scope IS NOT NULL AS half_open,
          l.rate, coalesce(extract(epoch FROM clock_timestamp() - l.rate_at), 0)::double precision AS rate_age_s,
          coalesce(extract(epoch FROM l.next_slot_at - clock_timestamp()), 0)::double precision AS ahead_s
