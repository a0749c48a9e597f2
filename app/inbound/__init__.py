"""Inbound: what WhatsApp tells us, first written down and only then understood.

Owns `webhook_raw` (every body as it came, sealed), `webhook_queue` (which of them are still to be read),
`inbound_messages` (what people wrote, without the words, so that a repeated delivery acts once), `reviews` (sentences
that may mean STOP), `stop_codes` and `chat_replies` (what we owe somebody who wrote). In order of events: `receive`
(verify, keep, acknowledge), `settle` (`take` a page, `sort` it by tenant, hand statuses to dispatch), `hear` (a person
spoke: a STOP suppresses, a doubt is `hold`), `withdraw_stopped`, `converse` (opt-ins), `owe` and `reply`; `decide` is a
human's. What it learns stands in other rooms' tables.
"""
