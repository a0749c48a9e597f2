-- Look whether this database is the one that was adopted, and went on from where it was. The first look adopts it.
-- What is not so is quarantined here; nothing but a release ends that. While all is well, the time of the look is kept.
-- In:  installation and known_at: what was remembered outside of the database about its last look (NULL: nothing).
-- Out: epoch, installation, seen_at (the last look at which all was well), quarantined_at, reason.
WITH held AS MATERIALIZED (
    SELECT * FROM restore_guard FOR UPDATE
), judged AS (
    SELECT h.*, i.system_identifier AS is_cluster, i.timeline AS is_timeline, i.database_oid AS is_database,
           i.table_oid AS is_table,
           CASE WHEN h.installation IS NULL THEN NULL
                WHEN h.system_identifier <> i.system_identifier THEN 'another_cluster'
                WHEN h.timeline <> i.timeline THEN 'another_timeline'
                WHEN h.database_oid <> i.database_oid THEN 'another_database'
                WHEN h.table_oid <> i.table_oid THEN 'loaded_again'
                WHEN h.installation = CAST(:installation AS uuid) AND h.seen_at < CAST(:known_at AS timestamptz)
                THEN 'went_back' END AS changed
      FROM held AS h CROSS JOIN database_identity_v1 AS i
)
UPDATE restore_guard AS g
   SET installation = coalesce(j.installation, gen_random_uuid()),
       system_identifier = CASE WHEN j.installation IS NULL THEN j.is_cluster ELSE j.system_identifier END,
       timeline = CASE WHEN j.installation IS NULL THEN j.is_timeline ELSE j.timeline END,
       database_oid = CASE WHEN j.installation IS NULL THEN j.is_database ELSE j.database_oid END,
       table_oid = CASE WHEN j.installation IS NULL THEN j.is_table ELSE j.table_oid END,
       seen_at = CASE WHEN j.quarantined_at IS NULL AND j.changed IS NULL
                      THEN greatest(j.seen_at, clock_timestamp()) ELSE j.seen_at END,
       reason = coalesce(j.reason, j.changed),
       quarantined_at = CASE WHEN j.changed IS NULL THEN j.quarantined_at
                             ELSE coalesce(j.quarantined_at, clock_timestamp()) END
  FROM judged AS j
RETURNING g.epoch, g.installation, g.seen_at, g.quarantined_at, g.reason
