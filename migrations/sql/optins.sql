-- Consent asked in the chat that the person began: offers, challenges, the replies that are owed there, and the
-- sentences that wait for a human eye.

-- What a question has to name of a notice version.
CREATE VIEW notice_words_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, version, language, title, purpose_ids FROM notice_versions;
GRANT SELECT ON notice_words_v1 TO toplu_api, toplu_worker;

-- What a tenant offers to ask, by a link that the person uses first. One offer is one act for one purpose (Personal
-- Data Protection Board, 2025/1072: one code may not carry two). Its words never change; it can only end.
CREATE TABLE opt_in_offers (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    sender_id uuid NOT NULL REFERENCES senders,
    purpose_id smallint NOT NULL REFERENCES purposes,
    record_kind text NOT NULL CHECK (record_kind IN ('explicit_consent', 'commercial_approval')),
    notice_version_id uuid NOT NULL REFERENCES notice_versions,
    language text NOT NULL CHECK (language IN ('tr', 'en')),
    consent_text text NOT NULL,
    question text NOT NULL,
    question_sha256 bytea NOT NULL,
    words text NOT NULL,
    code text NOT NULL,
    next_id uuid REFERENCES opt_in_offers,
    answers_start bool NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    UNIQUE (tenant_id, code),
    UNIQUE (id, record_kind, purpose_id)
);
SELECT guard_tenant_rows('opt_in_offers');
CREATE INDEX opt_in_offers_tenant_id ON opt_in_offers (tenant_id, id);
CREATE UNIQUE INDEX opt_in_offers_start ON opt_in_offers (tenant_id, sender_id)
    WHERE answers_start AND ended_at IS NULL;

-- One person asked about one act, because they wrote first. The payloads of the buttons prove the person: they are made
-- when the question leaves, and only their keyed hashes stay.
CREATE TABLE opt_in_challenges (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    record_kind text NOT NULL,
    purpose_id smallint NOT NULL,
    person_id uuid NOT NULL,
    alias_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'asked', 'given', 'awaiting_iys', 'refused', 'not_asked')),
    begun_by uuid NOT NULL,
    person_wrote_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_at timestamptz,
    expires_at timestamptz,
    yes_hash uuid,
    no_hash uuid,
    undo_hash uuid,
    answered_by uuid,
    answered_at timestamptz,
    payload_digest bytea,
    confirmed_at timestamptz,
    refused_by uuid,
    refused_at timestamptz,
    attested_at timestamptz,
    FOREIGN KEY (offer_id, record_kind, purpose_id) REFERENCES opt_in_offers (id, record_kind, purpose_id),
    UNIQUE (tenant_id, begun_by, offer_id),
    CONSTRAINT asked_within_the_window CHECK (asked_at < person_wrote_at + interval '24 hours'),
    CONSTRAINT tapped_before_it_expired CHECK (answered_at < expires_at),
    CONSTRAINT yes_is_a_tap CHECK (state NOT IN ('given', 'awaiting_iys') OR (answered_by IS NOT NULL
        AND answered_at IS NOT NULL AND payload_digest IS NOT NULL AND asked_at IS NOT NULL))
);
SELECT guard_tenant_rows('opt_in_challenges');
CREATE INDEX opt_in_challenges_offer ON opt_in_challenges (tenant_id, offer_id, id);
CREATE INDEX opt_in_challenges_person ON opt_in_challenges (tenant_id, person_id, made_at);
CREATE INDEX opt_in_challenges_yes ON opt_in_challenges (tenant_id, yes_hash);
CREATE INDEX opt_in_challenges_no ON opt_in_challenges (tenant_id, no_hash);
CREATE INDEX opt_in_challenges_undo ON opt_in_challenges (tenant_id, undo_hash);

GRANT SELECT, INSERT, UPDATE (ended_at) ON opt_in_offers TO toplu_api;
GRANT SELECT ON opt_in_offers TO toplu_worker;
GRANT SELECT, UPDATE ON opt_in_challenges TO toplu_api;
GRANT SELECT, INSERT, UPDATE ON opt_in_challenges TO toplu_worker;

-- What we still owe somebody who wrote to us: at most once each, only while the window is open that their own message
-- opened (24 hours). `answers` is that message; the purpose is that of an answer, never marketing.
CREATE TABLE chat_replies (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    person_id uuid NOT NULL,
    alias_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stop_confirmation', 'opt_in_question', 'opt_in_confirmation', 'opt_in_refusal',
        'opt_in_expired', 'start_help')),
    keyword text,
    scope text,
    challenge_id uuid,
    answers uuid NOT NULL,
    purpose_id smallint NOT NULL,
    window_until timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'owed' CHECK (state IN ('owed', 'taken', 'sent', 'refused', 'uncertain', 'lapsed')),
    tries smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_at timestamptz,
    done_at timestamptz,
    code int,
    UNIQUE (tenant_id, answers, kind)
) WITH (fillfactor = 80);
SELECT guard_tenant_rows('chat_replies');
CREATE INDEX chat_replies_open ON chat_replies (tenant_id, id) WHERE state IN ('owed', 'taken');
CREATE INDEX chat_replies_person ON chat_replies (tenant_id, person_id, made_at);

-- Crossing: which tenants owe a reply. Ids only, by the partial index.
GRANT SELECT ON chat_replies TO toplu_crossing;
CREATE POLICY crossing ON chat_replies FOR SELECT TO toplu_crossing USING (true);
CREATE FUNCTION owing_tenants_v1()
    RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT DISTINCT r.tenant_id FROM chat_replies AS r
    WHERE (r.state = 'owed' AND r.due_at <= clock_timestamp())
       OR (r.state = 'taken' AND r.taken_at < clock_timestamp() - interval '60 seconds') $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION owing_tenants_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION owing_tenants_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION owing_tenants_v1() TO toplu_worker;

-- A word behind DUR that stops one purpose only, if the tenant defined it.
CREATE TABLE stop_codes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    code text NOT NULL CHECK (code ~ '^[0-9a-z]{2,32}$'),
    purpose_id smallint NOT NULL REFERENCES purposes,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, code)
);
SELECT guard_tenant_rows('stop_codes');
CREATE INDEX stop_codes_tenant_id ON stop_codes (tenant_id, id);

-- Sentences that may mean STOP. While one is open, marketing is held; a human decides. The words are sealed for the
-- person, so they go when the person's key goes.
CREATE TABLE reviews (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    person_id uuid NOT NULL,
    alias_id uuid NOT NULL,
    people uuid[] NOT NULL CHECK (cardinality(people) > 0),
    fingerprint uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('stop_word_inside', 'spelled_out', 'bare_no', 'button_label', 'caption')),
    words_ct bytea,
    written_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    decision text CHECK (decision IN ('stop', 'continue')),
    decided_at timestamptz,
    decided_by uuid,
    UNIQUE (tenant_id, fingerprint),
    CHECK (num_nonnulls(decision, decided_at, decided_by) IN (0, 3))
);
SELECT guard_tenant_rows('reviews');
CREATE INDEX reviews_tenant_id ON reviews (tenant_id, id);
CREATE INDEX reviews_open ON reviews (tenant_id, id) WHERE decision IS NULL;
CREATE INDEX reviews_people ON reviews USING gin (people) WHERE decision IS NULL;

-- A STOP of one purpose only says so.
ALTER TABLE inbound_messages ADD COLUMN scope text;

GRANT SELECT, INSERT ON chat_replies TO toplu_api;
GRANT SELECT, INSERT, UPDATE ON chat_replies TO toplu_worker;
GRANT SELECT, INSERT, DELETE ON stop_codes TO toplu_api;
GRANT SELECT ON stop_codes TO toplu_worker;
GRANT SELECT, UPDATE ON reviews TO toplu_api;
GRANT SELECT, INSERT ON reviews TO toplu_worker;

-- A hold until a human has read the sentence has a key of its own: nobody's lift but the review's own reaches it, and it
-- never lifts what the person, the tenant or WhatsApp raised.
-- squawk-ignore ban-drop-constraint -- replaced at once by a wider one
ALTER TABLE consent_events DROP CONSTRAINT consent_events_entity_check;
ALTER TABLE consent_events ADD CONSTRAINT consent_events_entity_check
    CHECK (entity IN ('person', 'tenant', 'platform', 'review'));
-- squawk-ignore ban-drop-constraint -- the same
ALTER TABLE suppressions DROP CONSTRAINT suppressions_raised_by_check;
ALTER TABLE suppressions ADD CONSTRAINT suppressions_raised_by_check
    CHECK (raised_by IN ('person', 'tenant', 'platform', 'review'));
