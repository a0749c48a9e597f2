-- What a second look at consent found.

-- Which message took the place in the batch. Two people whom a batch was accepted for may turn out to be one before it is
-- sent: whoever claims the second message finds the first by this. NULL: accepted before this column was there.
ALTER TABLE batch_members ADD COLUMN message_id uuid;
