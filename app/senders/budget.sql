-- Who of a page still fits into the portfolio's day.
-- In:  tenant, portfolio (its row is held), most, people[] (in the order of their turn).
-- Out: one row per person: person_id, fits, until (when the next one leaves the 24 hours; in a minute at the earliest).
WITH counting AS MATERIALIZED (
    SELECT person_id, last_at FROM portfolio_people
     WHERE tenant_id = :tenant AND portfolio_id = :portfolio
       AND last_at > (SELECT business_now()) - interval '24 hours'
), used AS MATERIALIZED (
    SELECT count(*) AS n FROM counting
), asked AS (
    SELECT p.person_id, min(p.at) AS at FROM unnest(CAST(:people AS uuid[])) WITH ORDINALITY AS p (person_id, at)
     GROUP BY p.person_id
), weighed AS (
    SELECT a.person_id, c.person_id IS NOT NULL AS counts,
           row_number() OVER (PARTITION BY c.person_id IS NOT NULL ORDER BY a.at) AS turn
      FROM asked AS a LEFT JOIN counting AS c ON c.person_id = a.person_id
)
SELECT w.person_id, w.counts OR w.turn <= CAST(:most AS bigint) - (SELECT n FROM used) AS fits,
       greatest((SELECT last_at + interval '24 hours' FROM counting ORDER BY last_at
                 OFFSET greatest(0, (SELECT n FROM used) - CAST(:most AS bigint)) LIMIT 1),
                (SELECT business_now()) + interval '1 minute') AS until
  FROM weighed AS w
