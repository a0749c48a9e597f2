-- Append showings of a notice, and acknowledgements of it, to the ledger. Nothing is folded from them.
-- In:  tenant, api_key, and parallel arrays: people[], notices[] (versions), shown[], acknowledged[] (NULL: only shown),
--      channels[], methods[].
-- Out: nothing. One line for each showing (the tenant's act) and one for each acknowledgement (the person's).
INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, notice_version_id, occurred_at, channel,
                            method, api_key_id)
SELECT new_id(), :tenant, g.person_id, 'notice_acknowledgement', a.act, a.entity, g.notice_version_id, a.occurred_at,
       g.channel, a.method, CAST(:api_key AS uuid)
  FROM unnest(CAST(:people AS uuid[]), CAST(:notices AS uuid[]), CAST(:shown AS timestamptz[]),
              CAST(:acknowledged AS timestamptz[]), CAST(:channels AS text[]), CAST(:methods AS text[])) WITH ORDINALITY
    AS g (person_id, notice_version_id, shown_at, acknowledged_at, channel, method, place)
 CROSS JOIN LATERAL (VALUES ('shown', 'tenant', g.shown_at, NULL),
                            ('acknowledged', 'person', g.acknowledged_at, g.method))
            AS a (act, entity, occurred_at, method)
 WHERE a.occurred_at IS NOT NULL
 ORDER BY g.place, a.occurred_at, a.entity DESC
