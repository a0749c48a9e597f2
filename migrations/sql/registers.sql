-- What is written down about the processing itself, and what is due: transfers abroad, disclosures, processors,
-- controls, assets, incidents. Nothing here is deleted: an entry ends. A disclosure cannot even be changed.

CREATE TABLE transfers (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    built_in text,
    importer text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    safeguard text NOT NULL DEFAULT 'unknown' CHECK (safeguard IN
        ('standard_contract', 'adequacy', 'bcr', 'undertaking', 'occasional_exception', 'unknown')),
    document_sha256 text CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
    signed_on date,
    notify_by date, -- the fifth business day after signing (Law 6698, article 9/5)
    notify_by_certain bool NOT NULL DEFAULT true,
    notified_on date,
    notification_reference text,
    purposes text[] NOT NULL DEFAULT '{}', -- keys; empty means every purpose
    data_categories text[] NOT NULL DEFAULT '{}',
    review_on date,
    note text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    end_reason text,
    UNIQUE (tenant_id, built_in),
    CHECK (notified_on IS NULL OR signed_on IS NOT NULL),
    CHECK (notified_on >= signed_on),
    CHECK ((notify_by IS NOT NULL) = (safeguard = 'standard_contract' AND signed_on IS NOT NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

-- To whom data went, other than processors. Media and advertising are no categories of this table: such a row
-- cannot exist.
CREATE TABLE disclosures (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    category text NOT NULL CHECK (category IN
        ('authority', 'court', 'lawyer', 'auditor', 'processor', 'group_company', 'person_request', 'other_controller')),
    recipient text NOT NULL,
    law text NOT NULL CHECK (law ~ '^[0-9]{3,5}$'),
    article text NOT NULL CHECK (length(article) > 0),
    reference text,
    document_sha256 text CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
    disclosed_at timestamptz NOT NULL,
    purposes text[] NOT NULL DEFAULT '{}',
    data_categories text[] NOT NULL,
    people uuid[] NOT NULL DEFAULT '{}',
    people_count int NOT NULL CHECK (people_count >= 1),
    note text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT make_append_only('disclosures');
CREATE INDEX disclosures_people ON disclosures USING gin (people);

CREATE TABLE processors (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    built_in text,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('processor', 'sub_processor')),
    service text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    contract_version text,
    contract_signed_on date,
    contract_sha256 text CHECK (contract_sha256 ~ '^[0-9a-f]{64}$'),
    data_categories text[] NOT NULL DEFAULT '{}',
    review_on date,
    note text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    end_reason text,
    UNIQUE (tenant_id, built_in),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE TABLE controls (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    built_in text,
    title text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('technical', 'administrative')),
    state text NOT NULL CHECK (state IN ('in_place', 'open', 'not_applicable')),
    verbis_label text, -- what the registry VERBİS calls the measure
    responsible text,
    checked_on date,
    review_on date,
    note text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    end_reason text,
    UNIQUE (tenant_id, built_in),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE TABLE assets (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    built_in text,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('information', 'secret', 'system', 'device', 'archive')),
    classification text NOT NULL CHECK (classification IN ('public', 'internal', 'confidential', 'secret')),
    responsible text,
    location text,
    rotated_on date,
    review_on date, -- when to look at it again; of a secret, when to change it
    note text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    end_reason text,
    UNIQUE (tenant_id, built_in),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

-- The clock of 72 hours: decision 2019/10 of the Board (24.01.2019) on Law 6698, article 12/5.
CREATE TABLE incidents (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    title text NOT NULL,
    description text NOT NULL,
    detected_at timestamptz NOT NULL,
    personal_data bool NOT NULL DEFAULT true,
    data_categories text[] NOT NULL DEFAULT '{}',
    people_affected int CHECK (people_affected >= 0),
    notified_board_at timestamptz,
    board_reference text,
    delay_reason text,
    notified_people_at timestamptz,
    measures_taken text,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    end_reason text,
    CHECK (notified_board_at >= detected_at),
    CHECK (notified_people_at >= detected_at),
    CHECK (notified_board_at IS NULL OR notified_board_at <= detected_at + interval '72 hours' OR delay_reason IS NOT NULL),
    CHECK (ended_at IS NULL OR notified_board_at IS NOT NULL OR NOT personal_data),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

SELECT guard_tenant_rows('transfers');
SELECT guard_tenant_rows('disclosures');
SELECT guard_tenant_rows('processors');
SELECT guard_tenant_rows('controls');
SELECT guard_tenant_rows('assets');
SELECT guard_tenant_rows('incidents');
CREATE INDEX transfers_tenant_id ON transfers (tenant_id, id);
CREATE INDEX disclosures_tenant_id ON disclosures (tenant_id, id);
CREATE INDEX processors_tenant_id ON processors (tenant_id, id);
CREATE INDEX controls_tenant_id ON controls (tenant_id, id);
CREATE INDEX assets_tenant_id ON assets (tenant_id, id);
CREATE INDEX incidents_tenant_id ON incidents (tenant_id, id);
GRANT SELECT, INSERT, UPDATE ON transfers, processors, controls, assets, incidents TO toplu_api;
GRANT SELECT, INSERT ON disclosures TO toplu_api;
GRANT SELECT ON transfers, disclosures, processors, controls, assets, incidents TO toplu_worker;

-- What every tenant begins with. What the product itself does is in place; what only people can do is open.
-- Safe to run again: what is there stays as it is.
CREATE FUNCTION seed_registers(wanted uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
DECLARE
    today CONSTANT date := (business_now() AT TIME ZONE 'Europe/Istanbul')::date;
BEGIN
    INSERT INTO transfers (tenant_id, built_in, importer, country, data_categories, review_on)
    VALUES (wanted, 'whatsapp', 'Meta (WhatsApp Business Platform)', 'US',
            '{contact,customer_transaction,marketing}', today + 365)
    ON CONFLICT (tenant_id, built_in) DO NOTHING;
    INSERT INTO processors (tenant_id, built_in, name, role, service, country, data_categories, review_on)
    VALUES (wanted, 'whatsapp', 'Meta (WhatsApp Business Platform)', 'sub_processor',
            'Carries every message and reports its delivery', 'US',
            '{contact,customer_transaction,marketing}', today + 365)
    ON CONFLICT (tenant_id, built_in) DO NOTHING;
    INSERT INTO controls (tenant_id, built_in, title, kind, state, verbis_label, review_on)
    SELECT wanted, built_in, title, kind, state, verbis_label,
           today + CASE state WHEN 'in_place' THEN 365 ELSE 90 END
      FROM (VALUES
        ('encryption', 'Numbers, values and evidence are encrypted with keys of the tenant and of the person',
         'technical', 'in_place', 'Şifreleme yapılmaktadır.'),
        ('key_management', 'Keys are wrapped by a master key that is never in the database',
         'technical', 'in_place', 'Anahtar yönetimi uygulanmaktadır.'),
        ('tenant_walls', 'The database itself keeps tenants apart (forced row-level security)',
         'technical', 'in_place', 'Ağ güvenliği ve uygulama güvenliği sağlanmaktadır.'),
        ('scoped_keys', 'API keys carry scopes and a date of expiry; only a hash of them is kept',
         'technical', 'in_place', 'Ağ güvenliği ve uygulama güvenliği sağlanmaktadır.'),
        ('append_only_logs', 'Consents, deliveries and administrative acts are kept where nobody can change them',
         'technical', 'in_place', 'Log kayıtları kullanıcı müdahalesi olmayacak şekilde tutulmaktadır.'),
        ('minimal_logs', 'Logs, metrics and errors hold no numbers, names or texts of people',
         'technical', 'in_place', 'Kişisel veriler mümkün olduğunca azaltılmaktadır.'),
        ('consent_gate', 'Nobody is written to without a legal basis; it is asked twice, the second time when sending',
         'technical', 'in_place', NULL),
        ('locked_dependencies', 'What is installed is fixed by hashes',
         'technical', 'in_place', 'Ağ güvenliği ve uygulama güvenliği sağlanmaktadır.'),
        ('tls', 'TLS stands in front of the API',
         'technical', 'open', 'Ağ güvenliği ve uygulama güvenliği sağlanmaktadır.'),
        ('two_factors', 'Who reaches servers, backups and the master key shows two factors',
         'technical', 'open', NULL),
        ('backups', 'Backups are taken, kept apart from the master key, and restored on trial',
         'technical', 'open',
         'Kişisel veriler yedeklenmekte ve yedeklenen kişisel verilerin güvenliği de sağlanmaktadır.'),
        ('dependency_scan', 'Dependencies are scanned for known holes',
         'technical', 'open', 'Kişisel veri güvenliğinin takibi yapılmaktadır.'),
        ('access_matrix', 'It is written down who may hold which scope',
         'administrative', 'open', 'Çalışanlar için yetki matrisi oluşturulmuştur.'),
        ('training', 'Staff are trained in data protection, again and again',
         'administrative', 'open', 'Çalışanlar için veri güvenliği konusunda belli aralıklarla eğitim ve farkındalık çalışmaları yapılmaktadır.'),
        ('confidentiality', 'Staff have undertaken to keep what they learn to themselves',
         'administrative', 'open', 'Gizlilik taahhütnameleri yapılmaktadır.'),
        ('policies', 'Policies and procedures of data security are written down',
         'administrative', 'open', 'Kişisel veri güvenliği politika ve prosedürleri belirlenmiştir.'),
        ('incident_plan', 'It is written down who does what when data leaks',
         'administrative', 'open', NULL),
        ('audits', 'The own house is audited from time to time',
         'administrative', 'open', 'Kurum içi periyodik ve/veya rastgele denetimler yapılmakta ve yaptırılmaktadır.')
      ) AS seed (built_in, title, kind, state, verbis_label)
    ON CONFLICT (tenant_id, built_in) DO NOTHING;
    INSERT INTO assets (tenant_id, built_in, name, kind, classification, location, review_on)
    SELECT wanted, built_in, name, kind, classification, location, today + 365
      FROM (VALUES
        ('database', 'Database of people, consents and messages', 'information', 'confidential', 'PostgreSQL'),
        ('backups', 'Backups of the database', 'information', 'confidential', NULL),
        ('master_key', 'Master key', 'secret', 'secret', 'TOPLU_MASTER_KEY or TOPLU_MASTER_KEY_FILE'),
        ('api_keys', 'API keys', 'secret', 'secret', 'Your systems that call the API'),
        ('sender_tokens', 'Access tokens of the senders', 'secret', 'secret', 'Database, sealed'),
        ('webhook_secret', 'App secret that signs webhooks', 'secret', 'secret', 'TOPLU_WHATSAPP_APP_SECRET'),
        ('database_passwords', 'Passwords of database and Valkey', 'secret', 'secret',
         'TOPLU_DATABASE_URL, TOPLU_REDIS_URL')
      ) AS seed (built_in, name, kind, classification, location)
    ON CONFLICT (tenant_id, built_in) DO NOTHING;
END $$;

-- A trigger, because the room of tenants lies below this one and may not call it.
CREATE FUNCTION seed_registers_of_new() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    PERFORM seed_registers(NEW.tenant_id);
    RETURN NEW;
END $$;
CREATE TRIGGER seed_registers AFTER INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION seed_registers_of_new();

-- Tenants who were here before: row-level security binds the owner as well, so it is asked to look away for this one
-- read, in this transaction.
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    wanted uuid;
BEGIN
    FOR wanted IN SELECT tenant_id FROM toplu.tenants LOOP
        PERFORM set_config('toplu.tenant', wanted::text, true);
        PERFORM toplu.seed_registers(wanted);
    END LOOP;
    PERFORM set_config('toplu.tenant', '', true);
END $$;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;

-- The end of a day in Türkiye, where the terms of its laws run.
CREATE FUNCTION end_of_day(day date) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (day + 1)::timestamp AT TIME ZONE 'Europe/Istanbul';

-- Whether what is written down lets data go to WhatsApp regularly. The exceptions for occasional transfers (article
-- 9/6) cannot carry it; a standard contract carries it while its notification is made or still in time.
CREATE VIEW transfers_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, built_in, importer, country, safeguard, signed_on, notified_on, purposes, data_categories, ended_at,
       CASE safeguard
           WHEN 'standard_contract' THEN signed_on IS NOT NULL
                                         AND (notified_on IS NOT NULL OR business_now() < end_of_day(notify_by))
           WHEN 'occasional_exception' THEN built_in IS NULL
           WHEN 'unknown' THEN false
           ELSE document_sha256 IS NOT NULL
       END AND ended_at IS NULL AS documented
  FROM transfers;
CREATE VIEW disclosures_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, category, recipient, law, article, disclosed_at, purposes, data_categories, people FROM disclosures;
CREATE VIEW processors_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, name, role, service, country, data_categories, ended_at FROM processors;

-- Everything with a clock in these registers. Ending an entry, with its reason, ends its duties too.
CREATE VIEW register_duties_v1 WITH (security_invoker = true) AS
SELECT tenant_id, 'transfer_notification' AS kind, id::text AS object_id, importer AS title,
       end_of_day(signed_on - 1) AS started_at, end_of_day(notify_by) - interval '2 days' AS warn_at,
       end_of_day(notify_by) AS due_at, coalesce(end_of_day(notified_on - 1), ended_at) AS done_at,
       notify_by_certain AS certain
  FROM transfers WHERE notify_by IS NOT NULL
UNION ALL
SELECT t.tenant_id, 'transfer_documentation', t.id::text, t.importer,
       t.created_at, t.created_at, t.created_at, NULL, true
  FROM transfers AS t JOIN transfers_v1 AS v ON v.id = t.id
 WHERE NOT v.documented AND t.notify_by IS NULL AND t.ended_at IS NULL
UNION ALL
SELECT tenant_id, 'incident_board_notification', id::text, title,
       detected_at, detected_at, detected_at + interval '72 hours', coalesce(notified_board_at, ended_at), true
  FROM incidents WHERE personal_data
UNION ALL
SELECT tenant_id, 'transfer_review', id::text, importer,
       updated_at, end_of_day(review_on) - interval '30 days', end_of_day(review_on), NULL, true
  FROM transfers WHERE review_on IS NOT NULL AND ended_at IS NULL
UNION ALL
SELECT tenant_id, 'processor_review', id::text, name,
       updated_at, end_of_day(review_on) - interval '30 days', end_of_day(review_on), NULL, true
  FROM processors WHERE review_on IS NOT NULL AND ended_at IS NULL
UNION ALL
SELECT tenant_id, 'control_check', id::text, title,
       updated_at, end_of_day(review_on) - interval '30 days', end_of_day(review_on), NULL, true
  FROM controls WHERE review_on IS NOT NULL AND ended_at IS NULL AND state <> 'not_applicable'
UNION ALL
SELECT tenant_id, CASE kind WHEN 'secret' THEN 'secret_rotation' ELSE 'asset_review' END, id::text, name,
       updated_at, end_of_day(review_on) - interval '30 days', end_of_day(review_on), NULL, true
  FROM assets WHERE review_on IS NOT NULL AND ended_at IS NULL;
GRANT SELECT ON transfers_v1, disclosures_v1, processors_v1, register_duties_v1 TO toplu_api, toplu_worker;

-- The last count over all tenants: one row, so that of many workers one counts and one tells, and /metrics reads it.
CREATE TABLE duty_rounds (
    only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
    counted_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    overdue int NOT NULL,
    warning int NOT NULL
);
INSERT INTO duty_rounds (counted_at, told_at, overdue, warning) VALUES ('epoch', 'epoch', 0, 0);
GRANT SELECT ON duty_rounds TO toplu_api;
GRANT SELECT, UPDATE ON duty_rounds TO toplu_worker;

-- A crossing: which tenants there are, their ids and nothing else, for rounds that every tenant gets.
GRANT SELECT (tenant_id) ON tenants TO toplu_crossing;
CREATE POLICY every_tenant ON tenants FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION every_tenant_v1() RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT t.tenant_id FROM tenants AS t ORDER BY 1 $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION every_tenant_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION every_tenant_v1(), seed_registers(uuid), seed_registers_of_new() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION every_tenant_v1() TO toplu_worker;
GRANT EXECUTE ON FUNCTION seed_registers(uuid), seed_registers_of_new() TO toplu_api;
