-- Fold the suppressions and objections of a range of people again from the ledger, and compare with suppressions.
-- In:  tenant, after, upto (ids of people: later than the one, up to the other), most (how many differences to show).
-- Out: at least one row with the totals (compared, differing); with differences one row each:
--      person_id, of_what (scope), record_kind.
WITH winners AS (
    SELECT DISTINCT ON (e.person_id, e.scope, e.entity, e.record_kind)
           e.person_id, e.scope, e.entity, e.record_kind, e.act, e.occurred_at, e.id
      FROM consent_events AS e
     WHERE e.tenant_id = :tenant AND e.record_kind IN ('suppression', 'objection')
       AND e.person_id > CAST(:after AS uuid) AND e.person_id <= CAST(:upto AS uuid)
     ORDER BY e.person_id, e.scope, e.entity, e.record_kind, e.occurred_at DESC, e.act DESC, e.id DESC
), kept AS (
    SELECT person_id, scope, raised_by AS entity, kind AS record_kind, act, acted_at, event_id
      FROM suppressions
     WHERE tenant_id = :tenant AND person_id > CAST(:after AS uuid) AND person_id <= CAST(:upto AS uuid)
), compared AS (
    SELECT person_id, scope, record_kind,
           (w.act, w.occurred_at, w.id) IS DISTINCT FROM (k.act, k.acted_at, k.event_id) AS differs
      FROM winners AS w
      FULL JOIN kept AS k USING (person_id, scope, entity, record_kind)
), totals AS (
    SELECT count(*) AS compared, count(*) FILTER (WHERE differs) AS differing FROM compared
)
SELECT t.compared, t.differing, d.person_id, d.scope AS of_what, d.record_kind
  FROM totals AS t
  LEFT JOIN (SELECT * FROM compared WHERE differs ORDER BY person_id, scope, record_kind LIMIT :most) AS d ON true
