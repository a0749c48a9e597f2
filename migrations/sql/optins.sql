-- Opt-ins begun by the person, and what waits for a human eye.
SELECT 1; -- nothing yet
