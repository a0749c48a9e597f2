-- The documents of which the tenant accepted no version that is new enough, though the time to do so is over.
-- In:  tenant.
-- Out: document, one row each. An acceptance counts for every document that it pins, also as part of another.
SELECT d.document
  FROM (SELECT v.document, max(v.version) AS version
          FROM terms_versions AS v
         WHERE v.acceptance_due_at <= business_now()
         GROUP BY v.document) AS d
 WHERE NOT EXISTS (
        SELECT FROM terms_acceptance_documents AS a JOIN terms_versions AS w ON w.id = a.terms_version_id
         WHERE a.tenant_id = :tenant AND w.document = d.document AND w.version >= d.version)
 ORDER BY d.document
