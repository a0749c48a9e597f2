-- A person's requests, and destruction runs.
SELECT 1; -- nothing yet
