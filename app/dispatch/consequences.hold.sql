-- WhatsApp kept marketing back from these people: none goes to them until that long after it said so. The claims read it.
-- Told again, or late, it changes nothing: the latest end counts.
-- In:  tenant, parallel arrays people[] (they may repeat) and ats[] (by the real clock), wait_s.
-- Out: nothing.
INSERT INTO frequency_counts AS f (person_id, tenant_id, held_until)
SELECT coalesce(p.merged_into, p.id), :tenant,
       max(business_now() + (h.at - clock_timestamp()) + make_interval(secs => :wait_s))
  FROM unnest(CAST(:people AS uuid[]), CAST(:ats AS timestamptz[])) AS h (person_id, at)
  JOIN people_v1 AS p ON p.tenant_id = :tenant AND p.id = h.person_id
 GROUP BY 1
 ORDER BY 1
ON CONFLICT (person_id) DO UPDATE SET held_until = greatest(f.held_until, excluded.held_until)
 WHERE f.held_until IS NULL OR f.held_until < excluded.held_until
