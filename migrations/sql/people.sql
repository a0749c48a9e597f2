-- Identity: a person with aliases. Values are encrypted with a key that only the tenant's data key and the
-- person's salt together give; destroying the salt destroys the key. Lookups use a keyed hash.

CREATE TABLE people (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    key_salt bytea,
    gate_version bigint NOT NULL DEFAULT 0,
    erased_at timestamptz,
    CHECK (erased_at IS NULL OR key_salt IS NULL)
) WITH (fillfactor = 85);
SELECT guard_tenant_rows('people');
COMMENT ON COLUMN people.gate_version IS
    'Raised first by every act that restricts; a claim holds this row, so the two have one order.';

CREATE TABLE aliases (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL REFERENCES people,
    kind text NOT NULL CHECK (kind IN ('phone', 'wa_id', 'bsuid')),
    hash uuid NOT NULL,
    value_ct bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('aliases');
CREATE UNIQUE INDEX aliases_hash ON aliases (tenant_id, hash);
CREATE INDEX aliases_person_id ON aliases (person_id);

-- What other rooms may see of a person.
CREATE VIEW people_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, key_salt, gate_version, erased_at FROM people;
CREATE VIEW aliases_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, person_id, kind, hash, value_ct FROM aliases;

GRANT SELECT, INSERT, UPDATE ON people, aliases TO toplu_api, toplu_worker;
GRANT SELECT, UPDATE ON people_v1 TO toplu_api, toplu_worker;
GRANT SELECT ON aliases_v1 TO toplu_api, toplu_worker;
