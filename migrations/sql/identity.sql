-- Identity: one person, many aliases; the gate that follows.
SELECT 1; -- nothing yet
