"""Inbound: what WhatsApp tells us, first written down and only then understood.

Owns `webhook_raw` (every body as it came, sealed), `webhook_queue` (which of them are still to be read) and
`inbound_messages` (what people wrote, without the words, so that a repeated delivery acts once). In order of events:
`receive` (verify, keep, acknowledge), `settle` (`take` a page, `sort` it by tenant, hand statuses to dispatch),
`hear` (a person spoke: `keywords`; a STOP suppresses), `withdraw_stopped`, `confirm`. Shows nothing: what it learns
stands in other rooms' tables.
"""
