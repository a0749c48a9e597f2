-- Proof: chain links, checkpoints, decision roots.
SELECT 1; -- nothing yet
