-- After a material change: every earlier version carries no consent any more once the grace time is over.
-- In:  tenant, notice, version (the new one), grace (interval).
-- Out: nothing. A date that was set by an earlier change, and is sooner, stays.
INSERT INTO notice_staleness AS s (tenant_id, notice_version_id, stale_at)
SELECT v.tenant_id, v.id, business_now() + CAST(:grace AS interval)
  FROM notice_versions AS v
 WHERE v.tenant_id = :tenant AND v.notice_id = :notice AND v.version < :version
ON CONFLICT (tenant_id, notice_version_id) DO UPDATE
   SET stale_at = least(s.stale_at, excluded.stale_at)
