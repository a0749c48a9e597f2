-- Note what people said. Who comes second with the same fingerprint notes nothing, and so does nothing.
-- In:  tenant, and parallel arrays fingerprints[], people[] (or NULL), senders[], kinds[], keywords[], times[], scopes[].
-- Out: one row per fingerprint that is new: fingerprint, stopped_before (the same person said the same STOP within the
--      last day).
WITH fresh AS (
    INSERT INTO inbound_messages (tenant_id, fingerprint, person_id, sender_id, kind, keyword, provider_at, scope)
    SELECT :tenant, t.*
      FROM unnest(CAST(:fingerprints AS uuid[]), CAST(:people AS uuid[]), CAST(:senders AS uuid[]),
                  CAST(:kinds AS text[]), CAST(:keywords AS text[]), CAST(:times AS timestamptz[]),
                  CAST(:scopes AS text[])) AS t (fingerprint)
     ORDER BY t.fingerprint
    ON CONFLICT DO NOTHING
    RETURNING fingerprint, person_id, scope
)
SELECT f.fingerprint,
       EXISTS (SELECT FROM inbound_messages AS i
                WHERE i.tenant_id = :tenant AND i.person_id = f.person_id AND i.keyword IS NOT NULL
                  AND i.scope IS NOT DISTINCT FROM f.scope
                  AND i.seen_at > clock_timestamp() - interval '24 hours') AS stopped_before
  FROM fresh AS f
