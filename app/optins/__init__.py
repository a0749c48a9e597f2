"""Opt-ins: asking for a consent in the chat that the person began, one act at a time.

Owns `opt_in_offers` (what is asked, behind a link that the person uses first) and `opt_in_challenges` (one person, one
act, one tap). `make_offer` and `end_offer` belong to the tenant, `begin`, `ask`, `answer` and `close` to whoever hears
people (`inbound`), `attest` brings the İYS transaction. It sends nothing: what should be said is handed up as `Say`.

Never asked by a template, and never of people who did not write first: approval may not be obtained by a commercial
message (Regulation on Commercial Communication, article 7). One challenge is one act (Board decision 2025/1072).
"""
