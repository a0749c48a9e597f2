-- What a run would destroy now.
-- In:  tenant.
-- Out: one row per class with something over: data_class, size.
SELECT data_class, count(*)::int AS size FROM expired_messages_v1 WHERE tenant_id = :tenant GROUP BY data_class
 UNION ALL
SELECT data_class, count(*)::int FROM expired_rows_v1 WHERE tenant_id = :tenant GROUP BY data_class
