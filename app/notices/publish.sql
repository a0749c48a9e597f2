-- After a material change: every earlier version carries no consent any more, for the purposes that are affected, once
-- the grace time is over.
-- In:  tenant, notice, version (the new one), grace (interval), affected[] (purposes that need a new consent; NULL: all),
--      covered[] (purposes of the new version: what is not among them is told to nobody any more, so it is affected too).
-- Out: nothing. Beside it other dates may stand, for other purposes; one for the same purposes that is sooner stays.
INSERT INTO notice_staleness AS s (tenant_id, notice_version_id, purpose_ids, stale_at)
SELECT v.tenant_id, v.id, a.purpose_ids, business_now() + CAST(:grace AS interval)
  FROM notice_versions AS v
 CROSS JOIN LATERAL (
        SELECT CASE WHEN CAST(:affected AS smallint[]) IS NOT NULL THEN
                    ARRAY(SELECT p FROM unnest(v.purpose_ids) AS p
                           WHERE p = ANY (CAST(:affected AS smallint[])) OR p <> ALL (CAST(:covered AS smallint[]))
                           ORDER BY p)
               END) AS a (purpose_ids)
 WHERE v.tenant_id = :tenant AND v.notice_id = :notice AND v.version < :version
   AND (a.purpose_ids IS NULL OR cardinality(a.purpose_ids) > 0)
ON CONFLICT (tenant_id, notice_version_id, purpose_ids) DO UPDATE
   SET stale_at = least(s.stale_at, excluded.stale_at)
