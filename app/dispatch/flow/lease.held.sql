-- Between the two statements of a claim of marketing that no cap binds: whom WhatsApp wants none sent to. Only read, since
-- nothing is counted; what commits right after this is a message that left right before.
-- In:  tenant, people[] (of the page, as statement 1 named them; they may repeat).
-- Out: person_id, held_until; several rows of one person if they absorbed somebody. Nobody, nearly always.
SELECT k.person_id, h.held_until
  FROM (SELECT page.person_id, page.person_id AS known_as FROM unnest(CAST(:people AS uuid[])) AS page (person_id)
        UNION
        SELECT p.merged_into, p.id FROM people_v1 AS p
         WHERE p.tenant_id = :tenant AND p.merged_into = ANY (CAST(:people AS uuid[]))) AS k
 CROSS JOIN LATERAL (
       SELECT f.held_until FROM frequency_counts AS f
        WHERE f.tenant_id = :tenant AND f.person_id = k.known_as AND f.held_until > (SELECT business_now())
        LIMIT 1) AS h
