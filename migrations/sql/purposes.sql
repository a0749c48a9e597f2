-- Why we may write: a closed registry, the same for every tenant. The current version stands in `purposes`,
-- every version ever in force in `purpose_versions`.

CREATE TABLE purposes (
    id smallint PRIMARY KEY,
    key text NOT NULL UNIQUE CHECK (key ~ '^[a-z][a-z_]{2,60}$'
        AND key NOT IN ('other', 'others', 'general', 'misc', 'miscellaneous', 'any', 'all', 'default', 'similar_purposes')),
    version int NOT NULL CHECK (version > 0),
    class text NOT NULL CHECK (class IN ('transactional', 'service', 'marketing', 'legal')),
    title_tr text NOT NULL,
    title_en text NOT NULL,
    legal_basis text NOT NULL CHECK (legal_basis IN
        ('kvkk_5_1', 'kvkk_5_2_a', 'kvkk_5_2_b', 'kvkk_5_2_c', 'kvkk_5_2_cc', 'kvkk_5_2_d', 'kvkk_5_2_e', 'kvkk_5_2_f')),
    law_references text[] NOT NULL,
    sendable bool NOT NULL,
    commercial bool NOT NULL,
    template_categories text[] NOT NULL,
    delivery_policy text NOT NULL CHECK (delivery_policy IN ('at_most_once', 'at_least_once')),
    retention_days int NOT NULL,
    dpv text[] NOT NULL,
    active bool NOT NULL DEFAULT true,
    CHECK (NOT commercial OR legal_basis = 'kvkk_5_1'),
    CHECK (NOT sendable OR cardinality(template_categories) > 0)
);
CREATE TABLE purpose_versions (
    purpose_id smallint NOT NULL REFERENCES purposes,
    version int NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    content jsonb NOT NULL,
    PRIMARY KEY (purpose_id, version)
);
SELECT make_append_only('purpose_versions');

CREATE FUNCTION keep_purpose_version() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    INSERT INTO purpose_versions (purpose_id, version, content) VALUES (NEW.id, NEW.version, to_jsonb(NEW));
    RETURN NEW;
END $$;
CREATE TRIGGER keep_version AFTER INSERT OR UPDATE ON purposes
    FOR EACH ROW EXECUTE FUNCTION keep_purpose_version();

CREATE VIEW purposes_v1 AS SELECT * FROM purposes;

GRANT SELECT ON purposes, purpose_versions, purposes_v1 TO toplu_api, toplu_worker;
