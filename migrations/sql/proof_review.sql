-- What a second look at the proof found: gaps in a chain that the law asked for, keys of before, stamps, the sealer's
-- lag, and what people wrote and were answered in the chat, which was kept without an end.

-- Rows under the chain that were destroyed because their time was over, one list per page: of links in the order of the
-- chain, of messages in the order of their ids. Written by the function that destroys, and by nothing else; `act_id` is
-- the act in `audit_events` that holds the list's digest, so the chain itself says what may be missing. Never destroyed:
-- ids that lead nowhere.
CREATE TABLE destroyed_rows (
    act_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    data_class text NOT NULL CHECK (data_class IN ('message_records', 'consent_records', 'audit_events')),
    ids uuid[] NOT NULL CHECK (cardinality(ids) > 0),
    first_id uuid NOT NULL,
    last_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE destroyed_rows ALTER COLUMN ids SET STORAGE EXTERNAL;
CREATE INDEX destroyed_rows_range ON destroyed_rows (tenant_id, last_id, first_id);
SELECT guard_tenant_rows('destroyed_rows');
SELECT make_append_only('destroyed_rows');
GRANT SELECT ON destroyed_rows TO toplu_api, toplu_worker;

-- Keys that sign, and signed: each is vouched for by itself when it begins, and by every key that came after it. What a
-- key signed stays believed, because the key of today says so, and the publication is an act in the chain.
CREATE TABLE signing_keys (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    vouched_by text NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, vouched_by, key)
);
SELECT guard_tenant_rows('signing_keys');
SELECT make_append_only('signing_keys');
GRANT SELECT ON signing_keys TO toplu_api, toplu_worker;
GRANT INSERT ON signing_keys TO toplu_worker;

-- What somebody outside says of a checkpoint. It comes after the checkpoint: nobody waits for it inside a transaction.
CREATE TABLE checkpoint_stamps (
    checkpoint_id uuid PRIMARY KEY REFERENCES checkpoints,
    tenant_id uuid NOT NULL,
    stamp bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX checkpoint_stamps_tenant ON checkpoint_stamps (tenant_id, at);
SELECT guard_tenant_rows('checkpoint_stamps');
SELECT make_append_only('checkpoint_stamps');
GRANT SELECT ON checkpoint_stamps TO toplu_api, toplu_worker;
GRANT INSERT ON checkpoint_stamps TO toplu_worker;

-- Crossing: how far behind the sealer is, over all tenants: two numbers and no id.
CREATE FUNCTION seal_lag_v1()
    RETURNS TABLE (waiting bigint, lag_s float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT CAST(coalesce(sum(q.n), 0) AS bigint),
          CAST(coalesce(extract(epoch FROM clock_timestamp()
                                - min(greatest(q.queued_at, b.started_at))), 0) AS float8)
     FROM seal_queue AS q LEFT JOIN batches AS b ON b.id = q.batch_id
    WHERE q.source <> 'checkpoint' AND (b.id IS NULL OR b.state NOT IN ('draft', 'loading')) $$;
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
ALTER FUNCTION seal_lag_v1() OWNER TO toplu_crossing;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
REVOKE ALL ON FUNCTION seal_lag_v1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seal_lag_v1() TO toplu_api;

-- What people wrote that waited for a human, what they were answered, and what they were asked. A question that was
-- answered proves the consent that came of it, and stays as long as the ledger's line does.
INSERT INTO data_classes (key, place, keep_days, by_purpose, least_days, most_days, method, law_references,
                          title_tr, title_en, starts_tr, starts_en) VALUES
    ('reviews', 12, 1095, false, 1095, 3650, 'delete', '{"6563 m.11/3","6698 m.4/2-d"}',
     'Kişinin yazdığı ve bir insanın okuduğu cümleler (şifreli)', 'Sentences of a person that a human read (sealed)',
     'karar verildiğinde', 'when it was decided'),
    ('chat_replies', 13, 1095, false, 1095, 3650, 'delete', '{"6563 m.11/3","6698 m.4/2-d"}',
     'Kişiye sohbette verilen yanıtların kaydı', 'That a person was answered in the chat',
     'yanıt gönderildiğinde', 'when the answer left'),
    ('opt_in_challenges', 14, NULL, true, 1095, 7300, 'delete', '{"6563 m.11/3","Ticari İletişim Yönetmeliği m.13"}',
     'Sohbette sorulan onaylar', 'Consents asked in the chat',
     'soru kapandığında; onayın kaydı durdukça saklanır', 'when the question was closed; kept while its record is');

CREATE OR REPLACE VIEW expired_rows_v1 WITH (security_invoker = true) AS
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
-- Acts that prove the chain itself stay: they name no person, and what they prove is there for ever.
SELECT a.tenant_id, 'audit_events', NULL, a.id
  FROM audit_events AS a
 WHERE a.id < (SELECT id_floor(business_now() - make_interval(days => keep_days('audit_events', NULL))))
   AND a.action NOT IN ('records.destroyed', 'signing_key.published')
UNION ALL
SELECT i.tenant_id, 'destruction_log', NULL, i.id
  FROM destruction_items AS i
 WHERE i.id < (SELECT id_floor(business_now() - make_interval(days => keep_days('destruction_log', NULL))))
UNION ALL
SELECT r.tenant_id, 'destruction_log', NULL, r.id
  FROM destruction_runs AS r
 WHERE r.id < (SELECT id_floor(business_now() - make_interval(days => keep_days('destruction_log', NULL))))
UNION ALL
SELECT v.tenant_id, 'reviews', NULL, v.id
  FROM reviews AS v
 WHERE v.decided_at < (SELECT business_now() - make_interval(days => keep_days('reviews', NULL)))
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = v.person_id OR h.person_id = ANY (v.people))
UNION ALL
SELECT c.tenant_id, 'opt_in_challenges', c.purpose_id, c.id
  FROM opt_in_challenges AS c
 WHERE coalesce(c.refused_at, c.answered_at, c.expires_at, c.made_at)
       < business_now() - make_interval(days => keep_days('opt_in_challenges', c.purpose_id))
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = c.person_id)
   AND NOT EXISTS (SELECT FROM consent_events AS e
                    WHERE e.tenant_id = c.tenant_id AND e.person_id = c.person_id AND e.challenge_id = c.id)
UNION ALL
SELECT r.tenant_id, 'chat_replies', NULL, r.id
  FROM chat_replies AS r
 WHERE coalesce(r.done_at, r.made_at) < (SELECT business_now() - make_interval(days => keep_days('chat_replies', NULL)))
   AND r.state NOT IN ('owed', 'taken')
   AND NOT EXISTS (SELECT FROM legal_holds_v1 AS h WHERE h.person_id = r.person_id)
   AND NOT EXISTS (SELECT FROM opt_in_challenges AS c WHERE c.tenant_id = r.tenant_id AND c.id = r.challenge_id);

-- As before, and: rows that are under the chain are listed in the transaction that destroys them. The caller writes the
-- act with the list's digest in the same transaction. The sealer stands still meanwhile, so nothing is linked that just
-- went. `run`: whose list it is. Out: also act_id, listed (how many) and digest, the same in every row; NULL without.
-- A worker of before fails to destroy for as long as it runs; its next run comes within the hour.
-- squawk-ignore ban-drop-function
DROP FUNCTION destroy_expired_v1(text, int);
CREATE FUNCTION destroy_expired_v1(wanted text, most int, run uuid)
    RETURNS TABLE (purpose_id smallint, size int, act_id uuid, listed int, digest bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = toplu, pg_temp AS $$
#variable_conflict use_column
DECLARE
    over uuid[];
    page uuid[];
    purposes_of_page smallint[];
    under_chain uuid[];
    act uuid;
BEGIN
    IF current_tenant() IS NULL OR run IS NULL OR most NOT BETWEEN 1 AND 50000 THEN
        RAISE EXCEPTION 'whose rows, and how many?' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('toplu.destroying', 'on', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('toplu.retention|' || current_tenant(), 0));
    IF wanted IN ('message_records', 'consent_records', 'audit_events') THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('toplu.seal|' || current_tenant(), 0));
    END IF;
    IF wanted IN ('message_content', 'delivery_events', 'message_records') THEN
        over := ARRAY(SELECT e.batch_id FROM expired_batches_v1 AS e
                       WHERE e.tenant_id = current_tenant() AND e.data_class = wanted ORDER BY e.batch_id LIMIT 1000);
        SELECT array_agg(f.id), array_agg(f.purpose_id) INTO page, purposes_of_page
          FROM (SELECT e.id, e.purpose_id FROM expired_messages_v1 AS e
                 WHERE e.tenant_id = current_tenant() AND e.data_class = wanted AND e.batch_id = ANY (over)
                 LIMIT most) AS f;
    ELSE
        SELECT array_agg(f.id), array_agg(f.purpose_id) INTO page, purposes_of_page
          FROM (SELECT e.id, e.purpose_id FROM expired_rows_v1 AS e
                 WHERE e.tenant_id = current_tenant() AND e.data_class = wanted LIMIT most) AS f;
    END IF;
    IF wanted = 'message_records' THEN
        under_chain := ARRAY(SELECT u.id FROM unnest(page) AS u (id) ORDER BY u.id);
    ELSIF wanted IN ('consent_records', 'audit_events') THEN
        under_chain := ARRAY(SELECT l.source_id FROM chain_links AS l
                              WHERE l.tenant_id = current_tenant() AND l.source_id = ANY (page) ORDER BY l.seq);
    END IF;
    IF cardinality(under_chain) > 0 THEN
        act := new_id();
        INSERT INTO destroyed_rows (act_id, tenant_id, run_id, data_class, ids, first_id, last_id)
        VALUES (act, current_tenant(), run, wanted, under_chain,
                (SELECT u.id FROM unnest(under_chain) AS u (id) ORDER BY u.id LIMIT 1),
                (SELECT u.id FROM unnest(under_chain) AS u (id) ORDER BY u.id DESC LIMIT 1));
    END IF;
    CASE wanted
        WHEN 'message_content' THEN
            UPDATE messages SET variables_ct = NULL, reference = NULL WHERE id = ANY (page);
        WHEN 'delivery_events' THEN
            -- when it was claimed is part of the decision, which is sealed: it goes with the record
            DELETE FROM delivery_events WHERE message_id = ANY (page) AND kind <> 'sending';
        WHEN 'message_records' THEN
            DELETE FROM delivery_events WHERE message_id = ANY (page);
            DELETE FROM outcomes WHERE id = ANY (page);
            DELETE FROM messages WHERE id = ANY (page);
        WHEN 'consent_records' THEN DELETE FROM consent_events WHERE id = ANY (page);
        WHEN 'heard_messages' THEN
            DELETE FROM inbound_messages WHERE tenant_id = current_tenant() AND fingerprint = ANY (page);
        WHEN 'requests' THEN DELETE FROM subject_requests WHERE id = ANY (page);
        WHEN 'audit_events' THEN DELETE FROM audit_events WHERE id = ANY (page);
        WHEN 'destruction_log' THEN
            DELETE FROM destruction_items WHERE id = ANY (page);
            DELETE FROM destruction_runs WHERE id = ANY (page);
        WHEN 'reviews' THEN DELETE FROM reviews WHERE id = ANY (page);
        WHEN 'chat_replies' THEN DELETE FROM chat_replies WHERE id = ANY (page);
        WHEN 'opt_in_challenges' THEN DELETE FROM opt_in_challenges WHERE id = ANY (page);
    END CASE;
    IF over IS NOT NULL AND coalesce(cardinality(page), 0) < most THEN
        PERFORM close_destroyed_batches(wanted, over);
    END IF;
    PERFORM set_config('toplu.destroying', 'off', true);
    RETURN QUERY SELECT u.purpose, count(u.id)::int, act, cardinality(under_chain), list_digest(under_chain)
                   FROM unnest(page, purposes_of_page) AS u (id, purpose) GROUP BY u.purpose
                 UNION ALL SELECT NULL, 0, NULL, NULL, NULL WHERE page IS NULL AND cardinality(over) > 0;
END $$;
-- SHA-256 of ids, 16 bytes each, one after the other; NULL of none.
CREATE FUNCTION list_digest(ids uuid[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE SET search_path = toplu, pg_temp AS
$$ SELECT sha256(string_agg(uuid_send(u.id), CAST('' AS bytea) ORDER BY u.place))
     FROM unnest(ids) WITH ORDINALITY AS u (id, place) $$;
REVOKE ALL ON FUNCTION destroy_expired_v1(text, int, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION destroy_expired_v1(text, int, uuid) TO toplu_worker;

-- What is held about one person in the chat, for their own questions (Law 6698, article 11).
CREATE VIEW person_reviews_v1 WITH (security_invoker = true) AS
SELECT tenant_id, person_id, id, fingerprint, reason, words_ct, written_at, decision, decided_at FROM reviews;
CREATE VIEW person_questions_v1 WITH (security_invoker = true) AS
SELECT c.tenant_id, c.person_id, c.id, c.record_kind, c.purpose_id, c.state, o.question, o.language, c.person_wrote_at,
       c.asked_at, c.answered_at, c.refused_at
  FROM opt_in_challenges AS c JOIN opt_in_offers AS o ON o.tenant_id = c.tenant_id AND o.id = c.offer_id;
CREATE VIEW person_replies_v1 WITH (security_invoker = true) AS
SELECT tenant_id, person_id, id, kind, state, made_at, done_at FROM chat_replies;
GRANT SELECT ON person_reviews_v1, person_questions_v1, person_replies_v1 TO toplu_api, toplu_worker;
