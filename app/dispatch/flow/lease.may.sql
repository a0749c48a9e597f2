-- Between the two statements of a claim, when all its locks are held: whether sender and template may speak now. They
-- are not locked themselves, and somebody who waited for a lock may find them paused since.
-- In:  tenant, batch.
-- Out: one row, true or false.
SELECT EXISTS (
    SELECT FROM batches AS b
      JOIN senders_v1 AS s ON s.tenant_id = b.tenant_id AND s.id = b.sender_id AND s.state = 'active'
      JOIN templates_v1 AS t ON t.tenant_id = b.tenant_id AND t.id = b.template_id AND t.status = 'approved'
                           AND t.review NOT IN ('needs_review', 'rejected') AND b.purpose_id = ANY (t.purpose_ids)
     WHERE b.tenant_id = :tenant AND b.id = :batch)
