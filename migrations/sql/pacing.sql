-- How fast a number may speak, and how many people an account may reach in a day.

-- What the drainer of a line leaves to its successor: how fast it spoke, and up to when its slots were taken.
ALTER TABLE sender_lines
    ADD COLUMN rate double precision,
    ADD COLUMN rate_at timestamptz,
    ADD COLUMN next_slot_at timestamptz;

-- Meta limits the people of a business portfolio, over all its numbers. Without a row, or a limit, nothing is counted.
ALTER TABLE senders ADD COLUMN portfolio_id text; -- NULL: not told, so the account (waba_id) stands for it
CREATE TABLE portfolios (
    tenant_id uuid NOT NULL REFERENCES tenants,
    portfolio_id text NOT NULL,
    messaging_limit text CHECK (messaging_limit IN ('250', '2000', '10000', '100000', 'unlimited')),
    PRIMARY KEY (tenant_id, portfolio_id)
);
SELECT guard_tenant_rows('portfolios');

-- Whom a portfolio wrote to last when. A claim holds the portfolio's row, so two numbers count one after the other.
CREATE TABLE portfolio_people (
    tenant_id uuid NOT NULL,
    portfolio_id text NOT NULL,
    person_id uuid NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, portfolio_id, person_id)
) WITH (fillfactor = 70);
SELECT guard_tenant_rows('portfolio_people');
CREATE INDEX portfolio_people_last ON portfolio_people (tenant_id, portfolio_id, last_at);

-- A batch may wait for the day's people, too.
-- squawk-ignore ban-drop-constraint -- the next statement puts a wider one in its place
ALTER TABLE batches DROP CONSTRAINT batches_waits_for_check;
ALTER TABLE batches ADD CONSTRAINT batches_waits_for_check
    CHECK (waits_for IN ('quiet_hours', 'portfolio_limit')) NOT VALID;
ALTER TABLE batches VALIDATE CONSTRAINT batches_waits_for_check;
-- squawk-ignore ban-drop-constraint -- as above
ALTER TABLE batch_waits DROP CONSTRAINT batch_waits_reason_check;
ALTER TABLE batch_waits ADD CONSTRAINT batch_waits_reason_check
    CHECK (reason IN ('quiet_hours', 'portfolio_limit')) NOT VALID;
ALTER TABLE batch_waits VALIDATE CONSTRAINT batch_waits_reason_check;

GRANT SELECT, INSERT, UPDATE ON portfolios TO toplu_api;
GRANT SELECT, UPDATE ON portfolios TO toplu_worker; -- UPDATE: to lock
GRANT SELECT ON portfolio_people TO toplu_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio_people TO toplu_worker;
