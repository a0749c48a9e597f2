-- Append what happened to what people are known by. Nothing is folded from it: the people and aliases say how it stands.
-- In:  tenant, entity, channel, method, occurred_at, api_key, and parallel arrays ids[], people[], acts[], aliases[],
--      others[], sealed[], digests[].
-- Out: nothing.
INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, occurred_at, channel, method, alias_id,
                            other_person_id, evidence_ct, evidence_digest, api_key_id)
SELECT n.id, :tenant, n.person_id, 'identity', n.act, :entity, CAST(:occurred_at AS timestamptz), :channel,
       CAST(:method AS text), n.alias_id, n.other_id, n.sealed, n.digest, CAST(:api_key AS uuid)
  FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:acts AS text[]), CAST(:aliases AS uuid[]),
              CAST(:others AS uuid[]), CAST(:sealed AS bytea[]), CAST(:digests AS bytea[]))
       AS n (id, person_id, act, alias_id, other_id, sealed, digest)
