"""A pretend WhatsApp Cloud API, to be run as its own program: `python -m app.sandbox --port 0 --data DIR`.

It owns everything Meta's side would own: phone numbers, templates, accepted messages, what becomes of them,
and the signed webhooks that say so. It shares no code with the rest of `app` and nobody imports it; its HTTP
surface, its signed webhooks and its truth log (`DIR/truth.ndjson`) are all it shows.
It never speaks to WhatsApp, and no message leaves the machine.
"""
