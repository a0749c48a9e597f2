-- Begin one challenge, unless the person has this question open or was asked often today.
-- In:  id, tenant, offer, kind, purpose, person, alias, by (fingerprint of the person's message), wrote_at, most.
-- Out: the id, or no row. The same message never begins the same offer twice.
INSERT INTO opt_in_challenges (id, tenant_id, offer_id, record_kind, purpose_id, person_id, alias_id, state, begun_by,
                               person_wrote_at)
SELECT CAST(:id AS uuid), :tenant, CAST(:offer AS uuid), CAST(:kind AS text), CAST(:purpose AS smallint),
       CAST(:person AS uuid), CAST(:alias AS uuid), 'pending', CAST(:by AS uuid), CAST(:wrote_at AS timestamptz)
 WHERE NOT EXISTS (SELECT FROM opt_in_challenges AS c
                    WHERE c.tenant_id = :tenant AND c.person_id = :person AND c.offer_id = :offer
                      AND (c.state = 'pending' OR (c.state = 'asked' AND c.expires_at > clock_timestamp()))
                      AND c.made_at > clock_timestamp() - interval '24 hours')
   AND :most > (SELECT count(*) FROM opt_in_challenges AS c
                 WHERE c.tenant_id = :tenant AND c.person_id = :person
                   AND c.made_at > clock_timestamp() - interval '24 hours')
ON CONFLICT (tenant_id, begun_by, offer_id) DO NOTHING
RETURNING id
