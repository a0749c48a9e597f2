-- After a material change: every earlier version carries no consent any more, for the purposes that are affected, once
-- the grace time is over.
-- In:  tenant, notice, version (the new one), grace (interval), affected[] (purposes that need a new consent; NULL: all),
--      covered[] (purposes of the new version: what is not among them is told to nobody any more, so it is affected too).
-- Out: nothing. One row for each version and purpose; a date that was set by an earlier change, and is sooner, stays.
INSERT INTO notice_staleness AS s (tenant_id, notice_version_id, purpose_ids, stale_at)
SELECT v.tenant_id, v.id, ARRAY[p.id], business_now() + CAST(:grace AS interval)
  FROM notice_versions AS v
 CROSS JOIN LATERAL unnest(v.purpose_ids) AS p (id)
 WHERE v.tenant_id = :tenant AND v.notice_id = :notice AND v.version < :version
   AND (CAST(:affected AS smallint[]) IS NULL OR p.id = ANY (CAST(:affected AS smallint[]))
        OR p.id <> ALL (CAST(:covered AS smallint[])))
ON CONFLICT (tenant_id, notice_version_id, purpose_ids) DO UPDATE
   SET stale_at = least(s.stale_at, excluded.stale_at)
