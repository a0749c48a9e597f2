-- Write the trees of decisions that are about to be linked.
-- In:  tenant, and parallel arrays ids[], batches[], firsts[], lasts[], sizes[], roots[], leaves[]; members: JSON, the
--      message ids of each tree in the same order (arrays of arrays would all need one length).
-- Out: nothing.
INSERT INTO decision_roots (id, tenant_id, batch_id, first_id, last_id, size, root, ids, leaves)
SELECT g.id, :tenant, g.batch_id, g.first_id, g.last_id, g.size, g.root,
       ARRAY(SELECT CAST(m.value AS uuid) FROM jsonb_array_elements_text(CAST(:members AS jsonb) -> CAST(g.place - 1 AS int))
             WITH ORDINALITY AS m (value, at) ORDER BY m.at),
       g.leaves
  FROM unnest(CAST(:ids AS uuid[]), CAST(:batches AS uuid[]), CAST(:firsts AS uuid[]), CAST(:lasts AS uuid[]),
              CAST(:sizes AS int[]), CAST(:roots AS bytea[]), CAST(:leaves AS bytea[]))
       WITH ORDINALITY AS g (id, batch_id, first_id, last_id, size, root, leaves, place)
