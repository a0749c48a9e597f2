-- Until when WhatsApp wants no marketing to a person (131049): of whichever sender, batch and purpose.
-- Claims read it with the counts that they lock anyway.
ALTER TABLE frequency_counts ADD COLUMN held_until timestamptz;

-- squawk-ignore ban-drop-constraint -- the next statement puts a wider one in its place
ALTER TABLE dispatch DROP CONSTRAINT dispatch_waits_for_check;
ALTER TABLE dispatch ADD CONSTRAINT dispatch_waits_for_check
    CHECK (waits_for IN ('frequency_cap', 'engagement_hold', 'lost_answer')) NOT VALID;
ALTER TABLE dispatch VALIDATE CONSTRAINT dispatch_waits_for_check;

-- What version the sender had when its batch began to wait: a change of its limit counts that up, and the sweep asks again.
ALTER TABLE batches ADD COLUMN waits_version int;
