-- Everything that a receipt tells of one decided message, and where it stands in the chain.
-- In:  tenant, message.
-- Out: one row, or none while there is no decision: the decision and its ids, purpose (its content), tenant_name, the
--      notice (notice_…), events and links (JSON arrays), the tree of its decision (tree_…, with its leaves and the
--      message's place) and the newest checkpoint (checkpoint_…).
WITH decision AS MATERIALIZED (
    SELECT d.batch_id, d.purpose_id, d.purpose_version, d.consent_event_id, d.basis_event_id, d.notice_version_id,
           CAST(d.content AS text) AS content,
           array_remove(ARRAY[d.consent_event_id, d.approval_event_id, d.basis_event_id, d.suppression_event_id], NULL)
               AS evidence
      FROM decisions_v1 AS d WHERE d.tenant_id = :tenant AND d.id = :message
), tree AS MATERIALIZED (
    SELECT r.id, r.first_id, r.last_id, r.size, r.root, r.leaves, array_position(r.ids, CAST(:message AS uuid)) - 1 AS place
      FROM decision AS d
      JOIN decision_roots AS r ON r.tenant_id = :tenant AND r.batch_id = d.batch_id AND r.last_id >= :message
       AND r.first_id <= :message AND CAST(:message AS uuid) = ANY (r.ids)
), events AS (
    SELECT jsonb_agg(jsonb_build_object('id', e.id, 'person_id', e.person_id, 'content', e.content) ORDER BY e.id) AS all
      FROM decision AS d
     CROSS JOIN LATERAL (
            SELECT c.id, c.person_id, CAST(c.content AS text) AS content FROM consent_contents_v1 AS c
             WHERE c.tenant_id = :tenant AND c.id = ANY (d.evidence)) AS e
), links AS (
    SELECT jsonb_agg(jsonb_build_object('source_id', l.source_id, 'seq', l.seq, 'hash', encode(l.hash, 'hex'),
                                        'before', encode(l.before, 'hex')) ORDER BY l.seq) AS all
      FROM decision AS d
      LEFT JOIN tree AS t ON true
     CROSS JOIN LATERAL unnest(d.evidence || t.id) AS w (id)
     -- LIMIT, so that each is looked up by its index: of a few among a million links the planner thinks worse
     CROSS JOIN LATERAL (
            SELECT k.source_id, k.seq, k.hash, (SELECT b.hash FROM chain_links AS b
                                                 WHERE b.tenant_id = :tenant AND b.seq = k.seq - 1) AS before
              FROM chain_links AS k WHERE k.tenant_id = :tenant AND k.source_id = w.id LIMIT 1) AS l
)
SELECT d.batch_id, d.content, d.evidence, d.consent_event_id, d.basis_event_id,
       (SELECT CAST(p.content AS text) FROM purpose_versions_v1 AS p
         WHERE p.purpose_id = d.purpose_id AND p.version = d.purpose_version) AS purpose,
       (SELECT n.name FROM tenant_names_v1 AS n WHERE n.tenant_id = :tenant) AS tenant_name,
       v.id AS notice_id, v.name AS notice_name, v.version AS notice_version, v.language AS notice_language,
       v.title AS notice_title, v.sha256 AS notice_sha256, v.published_at AS notice_published_at,
       CAST(coalesce(e.all, '[]') AS text) AS events, CAST(coalesce(l.all, '[]') AS text) AS links,
       t.id AS tree_id, t.first_id AS tree_first, t.last_id AS tree_last, t.size AS tree_size, t.root AS tree_root,
       t.leaves AS tree_leaves, t.place AS tree_place,
       c.size AS checkpoint_size, c.note AS checkpoint_note, c.key AS checkpoint_key
  FROM decision AS d
  LEFT JOIN notice_texts_v1 AS v ON v.tenant_id = :tenant AND v.id = d.notice_version_id
  LEFT JOIN tree AS t ON true
  LEFT JOIN events AS e ON true
  LEFT JOIN links AS l ON true
  LEFT JOIN LATERAL (SELECT size, note, key FROM checkpoints WHERE tenant_id = :tenant ORDER BY size DESC LIMIT 1) AS c
         ON true
