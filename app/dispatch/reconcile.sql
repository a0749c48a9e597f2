-- Where the messages of a batch really are. Rows of uploads that never closed do not count.
-- In:  tenant, batch.
-- Out: state (NULL: in no home), reason (refused only), n, doubled (in both homes).
SELECT coalesce(o.state, d.state) AS state,
       CASE WHEN o.state = 'refused' THEN o.reason END AS reason,
       count(*)::int AS n,
       (count(*) FILTER (WHERE o.id IS NOT NULL AND d.id IS NOT NULL))::int AS doubled
  FROM messages AS m
  JOIN uploads AS u ON u.id = m.upload_id AND u.state = 'closed'
  LEFT JOIN outcomes AS o ON o.id = m.id
  LEFT JOIN dispatch AS d ON d.id = m.id
 WHERE m.tenant_id = :tenant AND m.batch_id = :batch
 GROUP BY 1, 2
