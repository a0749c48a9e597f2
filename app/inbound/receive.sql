-- Keep webhooks as they came, and put them in line to be read. One commit for both.
-- In:  ids[], urgents[], bodies[] (sealed), parallel.
-- Out: nothing.
WITH came AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:urgents AS bool[]), CAST(:bodies AS bytea[])) AS t (id, urgent, body_ct)
), kept AS (
    INSERT INTO webhook_raw (id, body_ct) SELECT id, body_ct FROM came
)
INSERT INTO webhook_queue (raw_id, urgent) SELECT id, urgent FROM came
