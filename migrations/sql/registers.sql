-- Registers, and what is due.
SELECT 1; -- nothing yet
