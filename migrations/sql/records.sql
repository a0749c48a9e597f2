-- What a consent record holds, and bulk imports of them.
SELECT 1; -- nothing yet
