-- What a batch does about errors and lateness, a message that may have been posted already, and a line that is halted.

-- `error_rate` NULL: the batch goes on whatever fails. What was counted before a resume is not held against it again.
ALTER TABLE batches
    ADD COLUMN error_rate real DEFAULT 0.5 CHECK (error_rate > 0 AND error_rate <= 1),
    ADD COLUMN error_sample int NOT NULL DEFAULT 100 CHECK (error_sample > 0),
    ADD COLUMN errors_before bigint NOT NULL DEFAULT 0,
    ADD COLUMN answers_before bigint NOT NULL DEFAULT 0,
    ADD COLUMN start_late text NOT NULL DEFAULT 'pause' CHECK (start_late IN ('send', 'pause')),
    ADD COLUMN unknown_codes int[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT batches_delivery_policy_check CHECK (delivery_policy IN ('at_most_once', 'at_least_once'));

-- squawk-ignore ban-drop-constraint -- the next statement puts a wider one in its place
ALTER TABLE batches DROP CONSTRAINT batches_waits_for_check;
ALTER TABLE batches ADD CONSTRAINT batches_waits_for_check
    CHECK (waits_for IN ('quiet_hours', 'portfolio_limit', 'template_paused')) NOT VALID;
ALTER TABLE batches VALIDATE CONSTRAINT batches_waits_for_check;
-- squawk-ignore ban-drop-constraint -- as above
ALTER TABLE batch_waits DROP CONSTRAINT batch_waits_reason_check;
ALTER TABLE batch_waits ADD CONSTRAINT batch_waits_reason_check
    CHECK (reason IN ('quiet_hours', 'portfolio_limit', 'template_paused')) NOT VALID;
ALTER TABLE batch_waits VALIDATE CONSTRAINT batch_waits_reason_check;

-- `unsure`: it was posted once and no answer came, and its batch asked for at least once. Whatever takes such a row out
-- of the queue makes it uncertain: "cancelled" or "refused" would say that it never left.
ALTER TABLE dispatch ADD COLUMN unsure bool NOT NULL DEFAULT false;
-- squawk-ignore ban-drop-constraint -- as above
ALTER TABLE dispatch DROP CONSTRAINT dispatch_waits_for_check;
ALTER TABLE dispatch ADD CONSTRAINT dispatch_waits_for_check
    CHECK (waits_for IN ('frequency_cap', 'lost_answer')) NOT VALID;
ALTER TABLE dispatch VALIDATE CONSTRAINT dispatch_waits_for_check;

-- A halt is a breaker: open until `halted_until`, then half open (one message tries) for as long as a scope stands here.
ALTER TABLE sender_lines
    ADD COLUMN halted_at timestamptz,
    ADD COLUMN halts int NOT NULL DEFAULT 0;
CREATE OR REPLACE VIEW sender_lines_v1 WITH (security_invoker = true) AS
SELECT sender_id, tenant_id, owner, fence, lease_until, halted_until, halted_code, halted_scope, halted_at, halts
  FROM sender_lines;
