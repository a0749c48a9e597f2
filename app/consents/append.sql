-- Append acts to the ledger and fold them into the state, in one statement.
-- In:  tenant, entity, api_key, and parallel arrays: people[], kinds[], acts[], purposes[], times[], channels[], methods[],
--      notices[], untils[], iys_ids[], iys_dates[], sealed[], digests[], contexts[], languages[], superseded[], renewed[],
--      challenges[], imports[], proofs[] (each a list of ids as text), details[] (JSON). The same person may occur more
--      than once.
-- Out: nothing.
-- The winner of a kind is the greatest (time, act, id): acts that restrict come later in the alphabet, so they win a tie.
-- `imported` and `invalid` acts are appended and never fold (acts.UNFOLDED).
-- The same rule folds a chunk, meets the state that is there, and replays the ledger (replay.sql).
WITH given AS (
    SELECT *
      FROM unnest(CAST(:people AS uuid[]), CAST(:kinds AS text[]), CAST(:acts AS text[]), CAST(:purposes AS smallint[]),
                  CAST(:times AS timestamptz[]), CAST(:channels AS text[]), CAST(:methods AS text[]),
                  CAST(:notices AS uuid[]), CAST(:untils AS timestamptz[]), CAST(:iys_ids AS text[]),
                  CAST(:iys_dates AS date[]), CAST(:sealed AS bytea[]), CAST(:digests AS bytea[]),
                  CAST(:contexts AS text[]), CAST(:languages AS text[]), CAST(:superseded AS uuid[]),
                  CAST(:renewed AS uuid[]), CAST(:challenges AS uuid[]), CAST(:imports AS uuid[]),
                  CAST(:proofs AS text[]), CAST(:details AS text[])) WITH ORDINALITY
        AS g (person_id, record_kind, act, purpose_id, occurred_at, channel, method, notice_version_id, valid_until,
              iys_id, iys_date, sealed, digest, context, language, supersedes_id, renews_id, challenge_id, import_id,
              proofs, details, place)
), appended AS (
    INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, purpose_id, purpose_version,
                                notice_version_id, occurred_at, valid_until, channel, method, iys_transaction_id,
                                iys_date, evidence_ct, evidence_digest, api_key_id, collection_context, language,
                                supersedes_id, renews_id, challenge_id, import_id, evidence_ids, details)
    SELECT new_id(), :tenant, g.person_id, g.record_kind, g.act, :entity, g.purpose_id, r.version,
           g.notice_version_id, g.occurred_at, g.valid_until, g.channel, g.method, g.iys_id, g.iys_date, g.sealed,
           g.digest, CAST(:api_key AS uuid), g.context, g.language, g.supersedes_id, g.renews_id, g.challenge_id,
           g.import_id, CAST(g.proofs AS uuid[]), CAST(g.details AS jsonb)
      FROM given AS g
      JOIN purposes_v1 AS r ON r.id = g.purpose_id
     ORDER BY g.place -- ids in the order given: of two equal acts the later row stands
    RETURNING id, person_id, record_kind, act, purpose_id, notice_version_id, occurred_at, valid_until
), winners AS (
    SELECT DISTINCT ON (purpose_id, person_id, record_kind) *
      FROM appended
     WHERE act NOT IN ('imported', 'invalid')
     ORDER BY purpose_id, person_id, record_kind, occurred_at DESC, act DESC, id DESC
), folded AS (
    SELECT purpose_id, person_id,
           max(act) FILTER (WHERE record_kind = 'explicit_consent') AS consent_act,
           max(occurred_at) FILTER (WHERE record_kind = 'explicit_consent') AS consent_at,
           max(valid_until) FILTER (WHERE record_kind = 'explicit_consent') AS consent_until,
           (array_agg(id) FILTER (WHERE record_kind = 'explicit_consent'))[1] AS consent_event_id,
           (array_agg(notice_version_id) FILTER (WHERE record_kind = 'explicit_consent'))[1] AS consent_notice_version_id,
           max(act) FILTER (WHERE record_kind = 'commercial_approval') AS approval_act,
           max(occurred_at) FILTER (WHERE record_kind = 'commercial_approval') AS approval_at,
           max(valid_until) FILTER (WHERE record_kind = 'commercial_approval') AS approval_until,
           (array_agg(id) FILTER (WHERE record_kind = 'commercial_approval'))[1] AS approval_event_id,
           max(act) FILTER (WHERE record_kind = 'basis_assertion') AS basis_act,
           max(occurred_at) FILTER (WHERE record_kind = 'basis_assertion') AS basis_at,
           max(valid_until) FILTER (WHERE record_kind = 'basis_assertion') AS basis_until,
           (array_agg(id) FILTER (WHERE record_kind = 'basis_assertion'))[1] AS basis_event_id
      FROM winners
     GROUP BY purpose_id, person_id
)
INSERT INTO consent_states AS s (tenant_id, purpose_id, person_id,
       consent_act, consent_at, consent_until, consent_event_id, consent_notice_version_id,
       approval_act, approval_at, approval_until, approval_event_id,
       basis_act, basis_at, basis_until, basis_event_id)
SELECT :tenant, purpose_id, person_id,
       consent_act, consent_at, consent_until, consent_event_id, consent_notice_version_id,
       approval_act, approval_at, approval_until, approval_event_id,
       basis_act, basis_at, basis_until, basis_event_id
  FROM folded
 ORDER BY purpose_id, person_id
ON CONFLICT (tenant_id, purpose_id, person_id) DO UPDATE
   SET (consent_act, consent_at, consent_until, consent_event_id, consent_notice_version_id) =
       (SELECT * FROM (VALUES
            (s.consent_act, s.consent_at, s.consent_until, s.consent_event_id, s.consent_notice_version_id),
            (excluded.consent_act, excluded.consent_at, excluded.consent_until, excluded.consent_event_id,
             excluded.consent_notice_version_id)) AS w (act, at, until, id, notice)
         ORDER BY at DESC NULLS LAST, act DESC, id DESC LIMIT 1),
       (approval_act, approval_at, approval_until, approval_event_id) =
       (SELECT * FROM (VALUES
            (s.approval_act, s.approval_at, s.approval_until, s.approval_event_id),
            (excluded.approval_act, excluded.approval_at, excluded.approval_until, excluded.approval_event_id))
            AS w (act, at, until, id)
         ORDER BY at DESC NULLS LAST, act DESC, id DESC LIMIT 1),
       (basis_act, basis_at, basis_until, basis_event_id) =
       (SELECT * FROM (VALUES
            (s.basis_act, s.basis_at, s.basis_until, s.basis_event_id),
            (excluded.basis_act, excluded.basis_at, excluded.basis_until, excluded.basis_event_id))
            AS w (act, at, until, id)
         ORDER BY at DESC NULLS LAST, act DESC, id DESC LIMIT 1)
