"""The wire to WhatsApp: what is said to the Cloud API, what it answers, and what it tells us later.

For: building payloads, posting them, and giving every answer (or the lack of one) a type.
Owns: Meta's formats and error codes. Holds no state, knows no database and no web framework.
Shows: `payloads`, `client.CloudApi`, `transport.open_transport`, the union `outcomes.Outcome`,
`codes.classify`, `signature.verify`, `parse.parse`, whose words are in `updates`.

Source of every format here: Meta's WhatsApp Business Platform pages as captured up to 2026-09-11.
"""
