-- What a person may ask of us, and what has to go, and when.

-- The kinds of data that are kept: a closed list, the same for every tenant, with how long and why. `keep_days` NULL and
-- `by_purpose`: as long as the purpose itself says. NULL without it: there is no end. A tenant may choose between
-- `least_days` and `most_days`; where `least_days` is NULL there is no choice.
CREATE TABLE data_classes (
    key text PRIMARY KEY CHECK (key ~ '^[a-z][a-z_]{2,40}$'),
    place smallint NOT NULL UNIQUE,
    keep_days int CHECK (keep_days > 0),
    by_purpose bool NOT NULL DEFAULT false,
    least_days int,
    most_days int,
    method text NOT NULL CHECK (method IN ('destroy', 'delete')),
    law_references text[] NOT NULL,
    title_tr text NOT NULL,
    title_en text NOT NULL,
    starts_tr text NOT NULL,
    starts_en text NOT NULL,
    CHECK ((least_days IS NULL) = (most_days IS NULL)),
    CHECK (keep_days IS NULL OR least_days IS NULL OR keep_days BETWEEN least_days AND most_days)
);
INSERT INTO data_classes (key, place, keep_days, by_purpose, least_days, most_days, method, law_references,
                          title_tr, title_en, starts_tr, starts_en) VALUES
    ('message_content', 1, 90, false, 1, 3650, 'destroy', '{"6698 m.4/2-d","6698 m.7/1"}',
     'Mesaj içeriği: şablona konan değerler ve çağıranın kendi referansı',
     'Message content: the values put into the template, and the caller''s own reference',
     'gönderim sona erdiğinde', 'when the batch ended'),
    ('delivery_events', 2, NULL, true, 365, 3650, 'delete', '{"6563 m.11/3","Ticari İletişim Yönetmeliği m.13"}',
     'Teslim kayıtları', 'Delivery log', 'gönderim sona erdiğinde', 'when the batch ended'),
    ('message_records', 3, NULL, true, 1095, 3650, 'delete', '{"6563 m.11/3","Ticari İletişim Yönetmeliği m.13"}',
     'Gönderim ve karar kayıtları', 'Records of messages and of the decisions about them',
     'gönderim sona erdiğinde', 'when the batch ended'),
    ('consent_records', 4, NULL, true, 1095, 7300, 'delete', '{"6563 m.11/3","Ticari İletişim Yönetmeliği m.13"}',
     'Onay, ret ve dayanak kayıtları', 'Records of consents, refusals and bases',
     'kayıt hükmünü yitirdiğinde', 'when the record stopped deciding'),
    ('heard_messages', 5, 730, false, 30, 3650, 'delete', '{"6698 m.4/2-d"}',
     'Kişinin yazdığına dair kayıtlar (sözleri tutulmaz)', 'That a person wrote to us (their words are not kept)',
     'yazdığında', 'when they wrote'),
    ('requests', 6, 1095, false, 1095, 3650, 'delete', '{"6698 m.13","6698 m.14"}',
     'İlgili kişi başvuruları', 'Requests of people', 'başvuru sonuçlandığında', 'when the request was closed'),
    ('audit_events', 7, 3650, false, 730, 7300, 'delete', '{"6698 m.12/1"}',
     'Yönetim işlemlerinin kaydı', 'Log of administrative acts', 'işlem yapıldığında', 'when it was done'),
    ('destruction_log', 8, 3650, false, 1095, 7300, 'delete',
     '{"Kişisel Verilerin Silinmesi, Yok Edilmesi veya Anonim Hale Getirilmesi Hakkında Yönetmelik m.7/3"}',
     'İmha kayıtları', 'Log of destruction', 'imha edildiğinde', 'when it was destroyed'),
    ('suppressions', 9, NULL, false, NULL, NULL, 'delete', '{"6563 m.8","6698 m.5/2-ç"}',
     'Ret ve itirazlar: numaranın yalnızca anahtarlı özeti', 'Stops and objections: a keyed hash of the number only',
     'ret edildiğinde', 'when it was raised'),
    ('webhook_raw', 10, 30, false, NULL, NULL, 'delete', '{"6698 m.4/2-d"}',
     'WhatsApp''tan gelen ham bildirimler (şifreli)', 'Raw webhooks of WhatsApp (sealed)',
     'alındığında', 'when it was received'),
    ('idempotency_memory', 11, 3, false, NULL, NULL, 'delete', '{"6698 m.4/2-d"}',
     'Tekrarlanan istekler için hatırlanan yanıtlar (şifreli)', 'Remembered answers to repeated requests (sealed)',
     'yanıtlandığında', 'when it was answered');
GRANT SELECT ON data_classes TO toplu_api, toplu_worker;

-- What a tenant chose instead. purpose_id 0: for every purpose that has no choice of its own.
CREATE TABLE retention_rules (
    tenant_id uuid NOT NULL,
    data_class text NOT NULL REFERENCES data_classes,
    purpose_id smallint NOT NULL DEFAULT 0,
    keep_days int NOT NULL CHECK (keep_days > 0),
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, data_class, purpose_id)
);
SELECT guard_tenant_rows('retention_rules');
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_rules TO toplu_api;
GRANT SELECT ON retention_rules TO toplu_worker;

CREATE FUNCTION check_retention_rule() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM data_classes AS c
                    WHERE c.key = NEW.data_class AND NEW.keep_days BETWEEN c.least_days AND c.most_days
                      AND (NEW.purpose_id = 0 OR c.by_purpose OR c.key = 'message_content')) THEN
        RAISE EXCEPTION 'outside what may be chosen for %', NEW.data_class USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER within_bounds BEFORE INSERT OR UPDATE ON retention_rules
    FOR EACH ROW EXECUTE FUNCTION check_retention_rule();

-- How long this tenant keeps this class for this purpose; NULL: no end.
CREATE FUNCTION keep_days(wanted text, of_purpose smallint) RETURNS int
    LANGUAGE sql STABLE SET search_path = toplu, pg_temp AS
$$ SELECT coalesce(
        (SELECT r.keep_days FROM retention_rules AS r
          WHERE r.tenant_id = current_tenant() AND r.data_class = wanted AND r.purpose_id IN (0, coalesce(of_purpose, 0))
          ORDER BY r.purpose_id DESC LIMIT 1),
        (SELECT CASE WHEN c.by_purpose
                     THEN coalesce((SELECT p.retention_days FROM purposes_v1 AS p WHERE p.id = of_purpose), c.most_days)
                     ELSE c.keep_days END
           FROM data_classes AS c WHERE c.key = wanted)) $$;

-- A person whose records have to stay: a lawsuit, an authority's order. Nothing of theirs is destroyed meanwhile.
CREATE TABLE legal_holds (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('lawsuit', 'authority', 'complaint', 'audit')),
    reference text,
    placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    placed_by text NOT NULL,
    lifted_at timestamptz,
    lifted_by text
);
SELECT guard_tenant_rows('legal_holds');
CREATE INDEX legal_holds_tenant_id ON legal_holds (tenant_id, id);
CREATE INDEX legal_holds_person ON legal_holds (person_id) WHERE lifted_at IS NULL;
CREATE VIEW legal_holds_v1 WITH (security_invoker = true) AS
SELECT tenant_id, person_id FROM legal_holds WHERE lifted_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON legal_holds TO toplu_api;
GRANT SELECT ON legal_holds TO toplu_worker;
GRANT SELECT ON legal_holds_v1 TO toplu_api, toplu_worker;

-- What was destroyed. An item is written in the transaction that destroys, a run when it is through: items without a
-- run belong to one that broke off, and what they say is gone is gone.
CREATE TABLE destruction_runs (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('retention', 'erasure', 'physical')),
    person_id uuid,
    actor text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL
);
SELECT guard_tenant_rows('destruction_runs');
SELECT make_append_only('destruction_runs');
CREATE INDEX destruction_runs_tenant_id ON destruction_runs (tenant_id, id);
CREATE TABLE destruction_items (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    data_class text NOT NULL,
    purpose_id smallint,
    method text NOT NULL CHECK (method IN ('destroy', 'delete', 'anonymise', 'shred', 'burn', 'pulp', 'wipe')),
    size int NOT NULL CHECK (size > 0),
    keep_days int,
    law_references text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('destruction_items');
SELECT make_append_only('destruction_items');
CREATE INDEX destruction_items_run ON destruction_items (tenant_id, run_id, id);
GRANT SELECT, INSERT ON destruction_runs, destruction_items TO toplu_api, toplu_worker;

-- Paper and other things that no statement can destroy: somebody does it and signs.
CREATE TABLE destruction_tasks (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid,
    evidence_id uuid,
    archive text NOT NULL,
    box text,
    folder text,
    page text,
    reason text NOT NULL CHECK (reason IN ('erasure', 'retention')),
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    signed_at timestamptz,
    signed_by text,
    method text CHECK (method IN ('shred', 'burn', 'pulp', 'wipe')),
    CHECK (num_nonnulls(signed_at, signed_by, method) IN (0, 3))
);
SELECT guard_tenant_rows('destruction_tasks');
CREATE INDEX destruction_tasks_tenant_id ON destruction_tasks (tenant_id, id);
CREATE INDEX destruction_tasks_evidence ON destruction_tasks (tenant_id, evidence_id) WHERE evidence_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON destruction_tasks TO toplu_api;
GRANT SELECT, INSERT ON destruction_tasks TO toplu_worker;

-- What a person asked (Law 6698, article 11). Their words are sealed with their own key.
CREATE TABLE subject_requests (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('access', 'information', 'purpose_conformity', 'recipients', 'correction',
        'erasure', 'third_party_notification', 'automated_result_objection', 'damages')),
    channel text NOT NULL,
    identity_check text NOT NULL,
    received_at timestamptz NOT NULL,
    warn_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    details_ct bytea,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'refused')),
    outcome text,
    answer_ct bytea,
    closed_at timestamptz,
    closed_by text,
    created_by text NOT NULL,
    CHECK ((state = 'open') = (closed_at IS NULL)),
    CHECK ((state = 'open') = (outcome IS NULL))
);
SELECT guard_tenant_rows('subject_requests');
CREATE INDEX subject_requests_tenant_id ON subject_requests (tenant_id, id);
CREATE INDEX subject_requests_person ON subject_requests (tenant_id, person_id);
GRANT SELECT, INSERT, UPDATE ON subject_requests TO toplu_api;
GRANT SELECT ON subject_requests TO toplu_worker;

-- Who was erased, and how far the raw webhooks were searched for them since. Their number itself is gone; it is
-- recognised in a webhook by the keyed hash that stays.
CREATE TABLE erasures (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('request', 'own_decision', 'authority')),
    request_id uuid,
    searched_at timestamptz
);
SELECT guard_tenant_rows('erasures');
CREATE INDEX erasures_person ON erasures (tenant_id, person_id);
CREATE INDEX erasures_unsearched ON erasures (erased_at) WHERE searched_at IS NULL;
GRANT SELECT, INSERT ON erasures TO toplu_api;
GRANT SELECT, UPDATE ON erasures TO toplu_worker;

-- Up to here a batch's rows were destroyed. The columns stand on the batch, so that the rows need no index for it.
ALTER TABLE batches
    ADD COLUMN content_destroyed_at timestamptz,
    ADD COLUMN log_destroyed_at timestamptz,
    ADD COLUMN records_destroyed_at timestamptz;
-- Everything that was sent to one person: for their own questions (article 11), and for erasing. Asked a few times a
-- day, written for every message, so a summary of blocks and no entry per row: 18 MB for 5 million messages, in which
-- a person is found in 20 ms (2026-11). A B-tree took 2.9 us of each insert. The planner believes that such a summary
-- finds half of the table, so who asks turns sequential scans off for the question.
CREATE INDEX messages_person ON messages USING brin
    (person_id uuid_bloom_ops (n_distinct_per_range = 3500, false_positive_rate = 0.01))
    WITH (pages_per_range = 64, autosummarize = on);
CREATE INDEX batches_content ON batches (tenant_id, purpose_id, id) WHERE content_destroyed_at IS NULL;
CREATE INDEX inbound_messages_person ON inbound_messages (tenant_id, person_id) WHERE person_id IS NOT NULL;

-- What rooms above may see of the rows below.
CREATE VIEW person_messages_v1 WITH (security_invoker = true) AS
SELECT m.tenant_id, m.id, m.person_id, m.batch_id, b.purpose_id, b.template_name, b.template_language,
       coalesce(o.purpose_version, d.purpose_version, b.purpose_version) AS purpose_version, b.template_version,
       coalesce(o.state, d.state) AS state, coalesce(o.reason, m.refusal) AS reason,
       coalesce(o.reason_detail, m.refusal_detail) AS reason_detail, m.refusal AS accept_refusal,
       coalesce(o.consent_event_id, d.consent_event_id) AS consent_event_id,
       coalesce(o.approval_event_id, d.approval_event_id) AS approval_event_id,
       coalesce(o.basis_event_id, d.basis_event_id) AS basis_event_id,
       coalesce(o.notice_version_id, d.notice_version_id, m.notice_version_id) AS notice_version_id,
       coalesce(o.suppression_event_id, m.suppression_event_id) AS suppression_event_id,
       coalesce((SELECT max(e.at) FROM delivery_events AS e WHERE e.message_id = m.id AND e.kind = 'sending'),
                o.sent_at) AS claimed_at,
       o.sent_at, o.delivered_at, o.read_at, o.failed_at, m.variables_ct, m.reference
  FROM messages AS m
  JOIN batches AS b ON b.id = m.batch_id
  LEFT JOIN outcomes AS o ON o.id = m.id
  LEFT JOIN dispatch AS d ON d.id = m.id;
CREATE VIEW person_records_v1 WITH (security_invoker = true) AS
SELECT e.tenant_id, e.person_id, e.id, jsonb_strip_nulls(to_jsonb(e) - '{tenant_id,evidence_ct}'::text[]) AS content,
       e.evidence_ct
  FROM consent_events AS e;
CREATE VIEW person_states_v1 WITH (security_invoker = true) AS
SELECT tenant_id, person_id, purpose_id, consent_act, consent_at, consent_event_id, approval_act, approval_at,
       approval_event_id, basis_act, basis_at, basis_event_id, consent_notice_version_id
  FROM consent_states;
CREATE VIEW person_stops_v1 WITH (security_invoker = true) AS
SELECT tenant_id, person_id, scope, raised_by, kind, act, acted_at, event_id FROM suppressions;
CREATE VIEW person_heard_v1 WITH (security_invoker = true) AS
SELECT tenant_id, person_id, fingerprint, kind, keyword, provider_at, seen_at FROM inbound_messages;
CREATE VIEW notice_bodies_v1 WITH (security_invoker = true) AS
SELECT v.tenant_id, v.id, n.name, v.version, v.language, v.title, v.body, v.sha256, v.published_at
  FROM notice_versions AS v JOIN notices AS n ON n.id = v.notice_id;
CREATE VIEW tenants_v1 WITH (security_invoker = true) AS
SELECT tenant_id, name FROM tenants;
GRANT SELECT ON inbound_messages TO toplu_api; -- that a person wrote, never their words
GRANT SELECT ON person_messages_v1, person_records_v1, person_states_v1, person_stops_v1, person_heard_v1,
                notice_bodies_v1, tenants_v1 TO toplu_api, toplu_worker;

-- Whose time is over. A batch that never started is as old as itself.
CREATE VIEW expired_batches_v1 WITH (security_invoker = true) AS
WITH k AS MATERIALIZED (
    SELECT c.key AS data_class, p.id AS purpose_id,
           (SELECT business_now()) - make_interval(days => keep_days(c.key, p.id)) AS before
      FROM purposes_v1 AS p CROSS JOIN data_classes AS c
     WHERE c.key IN ('message_content', 'delivery_events', 'message_records')
)
SELECT b.tenant_id, k.data_class, b.purpose_id, b.id AS batch_id
  FROM k JOIN batches AS b ON b.purpose_id = k.purpose_id AND b.id < id_floor(k.before)
 WHERE CASE k.data_class WHEN 'message_content' THEN b.content_destroyed_at
                         WHEN 'delivery_events' THEN b.log_destroyed_at
                         ELSE b.records_destroyed_at END IS NULL
   AND b.state IN ('completed', 'cancelled', 'failed') AND (b.started_at IS NULL OR b.ended_at < k.before)
   AND NOT EXISTS (SELECT FROM dispatch AS d WHERE d.batch_id = b.id AND d.state = 'queued');

CREATE VIEW expired_messages_v1 WITH (security_invoker = true) AS
SELECT x.tenant_id, x.data_class, x.purpose_id, x.batch_id, m.id
  FROM expired_batches_v1 AS x
  JOIN messages AS m ON m.tenant_id = x.tenant_id AND m.batch_id = x.batch_id
 WHERE CASE x.data_class
       WHEN 'message_content' THEN num_nonnulls(m.variables_ct, m.reference) > 0
       WHEN 'delivery_events' THEN EXISTS (SELECT FROM delivery_events AS e
                                             WHERE e.message_id = m.id AND e.kind <> 'sending')
       ELSE true END
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = m.person_id);

-- A line of the ledger stops deciding when a later act of the same kind is recorded. What still decides is never old:
-- it is what keeps a withdrawn or erased number from being written to again.
CREATE VIEW expired_rows_v1 WITH (security_invoker = true) AS
SELECT e.tenant_id, 'consent_records' AS data_class, e.purpose_id, e.id
  FROM consent_events AS e
 CROSS JOIN LATERAL (
        SELECT business_now() - make_interval(days => keep_days('consent_records', e.purpose_id)) AS before) AS k
 WHERE e.id < id_floor((SELECT business_now()) - interval '1095 days') AND e.recorded_at < k.before
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = e.person_id)
   AND EXISTS (SELECT FROM consent_events AS n
                WHERE n.tenant_id = e.tenant_id AND n.person_id = e.person_id AND n.record_kind = e.record_kind
                  AND n.purpose_id IS NOT DISTINCT FROM e.purpose_id AND n.scope IS NOT DISTINCT FROM e.scope
                  AND n.entity = CASE WHEN e.scope IS NULL THEN n.entity ELSE e.entity END
                  AND n.act IN ('given', 'refused', 'withdrawn', 'asserted', 'ended', 'raised', 'lifted', 'invalidated')
                  AND (n.occurred_at, n.act, n.id) > (e.occurred_at, e.act, e.id) AND n.recorded_at < k.before)
UNION ALL
SELECT i.tenant_id, 'heard_messages', NULL, i.fingerprint
  FROM inbound_messages AS i
 WHERE i.seen_at < (SELECT business_now() - make_interval(days => keep_days('heard_messages', NULL)))
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = i.person_id)
UNION ALL
SELECT r.tenant_id, 'requests', NULL, r.id
  FROM subject_requests AS r
 WHERE r.closed_at < (SELECT business_now() - make_interval(days => keep_days('requests', NULL)))
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = r.person_id)
UNION ALL
SELECT a.tenant_id, 'audit_events', NULL, a.id
  FROM audit_events AS a
 WHERE a.id < (SELECT id_floor(business_now() - make_interval(days => keep_days('audit_events', NULL))))
UNION ALL
SELECT i.tenant_id, 'destruction_log', NULL, i.id
  FROM destruction_items AS i
 WHERE i.id < (SELECT id_floor(business_now() - make_interval(days => keep_days('destruction_log', NULL))))
UNION ALL
SELECT r.tenant_id, 'destruction_log', NULL, r.id
  FROM destruction_runs AS r
 WHERE r.id < (SELECT id_floor(business_now() - make_interval(days => keep_days('destruction_log', NULL))));
GRANT SELECT ON expired_batches_v1, expired_messages_v1, expired_rows_v1 TO toplu_api, toplu_worker;

-- Append-only gives way to destruction, and to nothing else: a row may be deleted by the functions below, which run as
-- the owner and switch this on while they work. Neither role of the application may delete such a row by its own right.
CREATE OR REPLACE FUNCTION refuse_rewrite() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user = 'toplu_owner' AND current_setting('toplu.destroying', true) = 'on' THEN
        IF TG_LEVEL = 'STATEMENT' THEN
            RETURN NULL;
        END IF;
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
-- A message stays what it is; only what the person could be read from may be emptied.
CREATE OR REPLACE FUNCTION refuse_message_rewrite() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'toplu_owner' AND current_setting('toplu.destroying', true) = 'on' THEN
        IF TG_LEVEL = 'STATEMENT' THEN
            RETURN NULL;
        END IF;
        OLD.variables_ct := NULL;
        OLD.reference := NULL;
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'messages are written once: UPDATE refused' USING ERRCODE = 'insufficient_privilege';
END $$;

-- Destroy a page of what is over, of the caller's tenant: which rows those are is decided here, by the rules above, and
-- not by the caller. Out: one row per purpose; none at all when nothing is left. A batch is closed once its last row is
-- gone; rows of people on hold stay behind, and lifting the hold opens the batch again.
CREATE FUNCTION destroy_expired_v1(wanted text, most int)
    RETURNS TABLE (purpose_id smallint, size int)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp AS $$
#variable_conflict use_column
DECLARE
    over uuid[];
    page uuid[];
    purposes_of_page smallint[];
BEGIN
    IF current_tenant() IS NULL OR most NOT BETWEEN 1 AND 50000 THEN
        RAISE EXCEPTION 'whose rows, and how many?' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('toplu.destroying', 'on', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('toplu.retention|' || current_tenant(), 0));
    IF wanted IN ('message_content', 'delivery_events', 'message_records') THEN
        over := ARRAY(SELECT e.batch_id FROM expired_batches_v1 AS e
                       WHERE e.tenant_id = current_tenant() AND e.data_class = wanted ORDER BY e.batch_id LIMIT 1000);
        SELECT array_agg(f.id), array_agg(f.purpose_id) INTO page, purposes_of_page
          FROM (SELECT e.id, e.purpose_id FROM expired_messages_v1 AS e
                 WHERE e.tenant_id = current_tenant() AND e.data_class = wanted AND e.batch_id = ANY (over)
                 LIMIT most) AS f;
        IF wanted = 'message_content' THEN
            UPDATE messages SET variables_ct = NULL, reference = NULL WHERE id = ANY (page);
        ELSE
            -- when it was claimed is part of the decision, which is sealed: it goes with the record
            DELETE FROM delivery_events
             WHERE message_id = ANY (page) AND (kind <> 'sending' OR wanted = 'message_records');
        END IF;
        IF wanted = 'message_records' THEN
            DELETE FROM outcomes WHERE id = ANY (page);
            DELETE FROM messages WHERE id = ANY (page);
        END IF;
        IF coalesce(cardinality(page), 0) < most THEN
            PERFORM close_destroyed_batches(wanted, over);
        END IF;
        PERFORM set_config('toplu.destroying', 'off', true);
        RETURN QUERY SELECT u.purpose, count(u.id)::int
                       FROM unnest(page, purposes_of_page) AS u (id, purpose) GROUP BY u.purpose
                     UNION ALL SELECT NULL, 0 WHERE page IS NULL AND cardinality(over) > 0;
        RETURN;
    END IF;
    SELECT array_agg(f.id), array_agg(f.purpose_id) INTO page, purposes_of_page
      FROM (SELECT e.id, e.purpose_id FROM expired_rows_v1 AS e
             WHERE e.tenant_id = current_tenant() AND e.data_class = wanted LIMIT most) AS f;
    CASE wanted
        WHEN 'consent_records' THEN DELETE FROM consent_events WHERE id = ANY (page);
        WHEN 'heard_messages' THEN
            DELETE FROM inbound_messages WHERE tenant_id = current_tenant() AND fingerprint = ANY (page);
        WHEN 'requests' THEN DELETE FROM subject_requests WHERE id = ANY (page);
        WHEN 'audit_events' THEN DELETE FROM audit_events WHERE id = ANY (page);
        WHEN 'destruction_log' THEN
            DELETE FROM destruction_items WHERE id = ANY (page);
            DELETE FROM destruction_runs WHERE id = ANY (page);
    END CASE;
    PERFORM set_config('toplu.destroying', 'off', true);
    RETURN QUERY SELECT u.purpose, count(*)::int FROM unnest(page, purposes_of_page) AS u (id, purpose) GROUP BY u.purpose;
END $$;

-- Say on the batches that this class of theirs is gone. With the records goes what the caller wrote on the batch itself.
CREATE FUNCTION close_destroyed_batches(wanted text, over uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    CASE wanted
        WHEN 'message_content' THEN
            UPDATE batches SET content_destroyed_at = clock_timestamp() WHERE id = ANY (over);
        WHEN 'delivery_events' THEN
            UPDATE batches SET log_destroyed_at = clock_timestamp() WHERE id = ANY (over);
        WHEN 'message_records' THEN
            DELETE FROM batch_members WHERE batch_id = ANY (over);
            UPDATE batches SET records_destroyed_at = clock_timestamp(), reference = NULL, metadata = '{}'
             WHERE id = ANY (over);
    END CASE;
END $$;
REVOKE ALL ON FUNCTION close_destroyed_batches(text, uuid[]) FROM PUBLIC;

-- Empty what an erased person could be read from in their messages, and in nobody else's. Out: how many messages.
CREATE FUNCTION destroy_erased_content_v1(gone uuid) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp SET enable_seqscan = off AS $$
DECLARE
    emptied int;
BEGIN
    PERFORM set_config('toplu.destroying', 'on', true);
    UPDATE messages AS m SET variables_ct = NULL, reference = NULL
      FROM people AS p
     WHERE p.tenant_id = current_tenant() AND p.id = gone AND p.erased_at IS NOT NULL
       AND m.person_id = p.id AND num_nonnulls(m.variables_ct, m.reference) > 0;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    PERFORM set_config('toplu.destroying', 'off', true);
    RETURN emptied;
END $$;

-- Destroy raw webhooks that were read already: those named, or (NULL) a page of those whose time is over. Out: how many.
CREATE FUNCTION destroy_webhooks_v1(named uuid[], most int) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp AS $$
DECLARE
    destroyed int;
BEGIN
    PERFORM set_config('toplu.destroying', 'on', true);
    DELETE FROM webhook_raw AS w
     WHERE w.id IN (
            SELECT r.id FROM webhook_raw AS r
             WHERE CASE WHEN named IS NULL
                        THEN r.id < (SELECT id_floor(business_now() - make_interval(days => c.keep_days))
                                       FROM data_classes AS c WHERE c.key = 'webhook_raw')
                        ELSE r.id = ANY (named) END
               AND NOT EXISTS (SELECT FROM webhook_queue AS q WHERE q.raw_id = r.id)
             LIMIT most);
    GET DIAGNOSTICS destroyed = ROW_COUNT;
    PERFORM set_config('toplu.destroying', 'off', true);
    RETURN destroyed;
END $$;

-- Drop the months that nothing is left of. Empty is what has no byte on disk, once it was vacuumed: row-level security
-- could hide rows from a count, but not their bytes. Two months back at least. One per call, and its parent is locked
-- before it, as every query does: so this waits for others while it holds nothing. Out: what was dropped, or NULL.
CREATE FUNCTION drop_empty_month_v1() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    month record;
BEGIN
    FOR month IN
        SELECT c.oid, c.relname::text AS name, i.inhparent::regclass AS parent
          FROM pg_class AS c JOIN pg_inherits AS i ON i.inhrelid = c.oid
         WHERE c.relnamespace = 'toplu'::regnamespace AND c.relkind = 'r' AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
           AND to_date(right(c.relname, 7), 'YYYY_MM') < date_trunc('month', business_now()) - interval '2 months'
           AND pg_relation_size(c.oid) = 0
    LOOP
        BEGIN
            EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', month.parent);
            EXECUTE format('LOCK TABLE toplu.%I IN ACCESS EXCLUSIVE MODE', month.name);
            IF pg_relation_size(month.oid) = 0 THEN
                EXECUTE format('DROP TABLE toplu.%I', month.name);
                RETURN month.name;
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            NULL; -- in use: the next run comes tomorrow
        END;
    END LOOP;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION destroy_expired_v1(text, int), destroy_erased_content_v1(uuid), destroy_webhooks_v1(uuid[], int),
                       drop_empty_month_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION destroy_expired_v1(text, int), destroy_webhooks_v1(uuid[], int), drop_empty_month_v1()
      TO toplu_worker;
GRANT EXECUTE ON FUNCTION destroy_erased_content_v1(uuid) TO toplu_api;

-- Crossing 5: whose retention is due, and who was erased and has to be searched for.
GRANT SELECT ON tenants, destruction_runs, erasures TO toplu_crossing;
CREATE POLICY crossing ON destruction_runs FOR SELECT TO toplu_crossing USING (true);
CREATE POLICY crossing ON erasures FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION retention_due_v1()
    RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT t.tenant_id FROM tenants AS t
    WHERE NOT EXISTS (SELECT FROM destruction_runs AS r
                       WHERE r.tenant_id = t.tenant_id AND r.kind = 'retention'
                         AND r.ended_at > (SELECT business_now()) - interval '23 hours') $$;
-- A status may come days after a message: WhatsApp repeats a webhook for 7 (Meta, 2026-09). Until 8 days have passed
-- the search is repeated daily.
CREATE FUNCTION erasures_to_search_v1()
    RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT DISTINCT e.tenant_id FROM erasures AS e
    WHERE e.searched_at IS NULL
       OR (e.searched_at < e.erased_at + interval '8 days' AND e.searched_at < (SELECT business_now()) - interval '1 day') $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION retention_due_v1() OWNER TO toplu_crossing;
ALTER FUNCTION erasures_to_search_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION retention_due_v1(), erasures_to_search_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention_due_v1(), erasures_to_search_v1() TO toplu_worker;

-- What is due of all this, for whoever watches the clocks: 30 days for an answer (Law 6698, article 13), destruction at
-- least every 6 months (by-law on erasure, article 11).
CREATE VIEW subject_duties_v1 WITH (security_invoker = true) AS
SELECT r.tenant_id, 'subject_request' AS kind, r.id::text AS object_id, 'Answer a request: ' || r.kind AS title,
       r.received_at AS started_at, r.warn_at, r.due_at, r.closed_at AS done_at
  FROM subject_requests AS r
UNION ALL
SELECT t.tenant_id, 'destruction_task', t.id::text, 'Destroy and sign: archive ' || t.archive,
       t.created_at, t.created_at + interval '20 days', t.due_at, t.signed_at
  FROM destruction_tasks AS t
UNION ALL
SELECT e.tenant_id, 'erasure_search', e.id::text, 'Search the raw webhooks for an erased person',
       e.erased_at, e.erased_at + interval '1 day', e.erased_at + interval '30 days', e.searched_at
  FROM erasures AS e
UNION ALL
SELECT t.tenant_id, 'retention_run', t.tenant_id::text, 'Run retention', l.last_at, l.last_at + interval '2 days',
       l.last_at + interval '6 months', NULL
  FROM tenants AS t
 CROSS JOIN LATERAL (SELECT coalesce(max(r.ended_at), t.created_at) AS last_at FROM destruction_runs AS r
                      WHERE r.tenant_id = t.tenant_id AND r.kind = 'retention') AS l;
GRANT SELECT ON subject_duties_v1 TO toplu_api, toplu_worker;
