-- Write down replies that are owed, under the purpose of an answer.
-- In:  tenant, purpose (key), and parallel arrays ids[], senders[], people[], aliases[], kinds[], keywords[], scopes[],
--      challenges[], answers[], windows[] (until when the person's own message lets us answer).
-- Out: nothing. Help after START is owed once a day; everything else once per message.
INSERT INTO chat_replies (id, tenant_id, sender_id, person_id, alias_id, kind, keyword, scope, challenge_id, answers,
                          window_until, purpose_id)
SELECT t.id, :tenant, t.sender_id, t.person_id, t.alias_id, t.kind, t.keyword, t.scope, t.challenge_id, t.answers,
       t.window_until, p.id
  FROM unnest(CAST(:ids AS uuid[]), CAST(:senders AS uuid[]), CAST(:people AS uuid[]), CAST(:aliases AS uuid[]),
              CAST(:kinds AS text[]), CAST(:keywords AS text[]), CAST(:scopes AS text[]), CAST(:challenges AS uuid[]),
              CAST(:answers AS uuid[]), CAST(:windows AS timestamptz[]))
       AS t (id, sender_id, person_id, alias_id, kind, keyword, scope, challenge_id, answers, window_until)
  JOIN purposes_v1 AS p ON p.key = :purpose
 WHERE t.window_until > clock_timestamp()
   AND (t.kind <> 'start_help'
        OR NOT EXISTS (SELECT FROM chat_replies AS r
                        WHERE r.tenant_id = :tenant AND r.person_id = t.person_id AND r.kind = 'start_help'
                          AND r.made_at > clock_timestamp() - interval '24 hours'))
 ORDER BY t.id
ON CONFLICT (tenant_id, answers, kind) DO NOTHING
