-- The crossing functions belong to the role that may look across tenants, and only named roles may call them.
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION find_api_key_v1(text) OWNER TO toplu_crossing;
ALTER FUNCTION find_senders_v1(text[]) OWNER TO toplu_crossing;
ALTER FUNCTION due_senders_v1() OWNER TO toplu_crossing;
ALTER FUNCTION sweepable_tenants_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION find_api_key_v1(text), find_senders_v1(text[]), due_senders_v1(), sweepable_tenants_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key_v1(text) TO toplu_api;
GRANT EXECUTE ON FUNCTION find_senders_v1(text[]), due_senders_v1(), sweepable_tenants_v1() TO toplu_worker;
SELECT ensure_partitions(3);
