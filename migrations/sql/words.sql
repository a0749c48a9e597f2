-- Notices in blocks, acknowledgements, terms and their acceptance.
SELECT 1; -- nothing yet
