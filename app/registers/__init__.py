"""Registers: what is written down about the processing itself.

For the duties of Law 6698 that are about records rather than messages: transfers abroad (article 9), disclosures
(article 8), processors and measures (article 12), incidents (article 12/5), and the registry of processing
(article 16). Owns `transfers`, `disclosures`, `processors`, `controls`, `assets` and `incidents`; nothing in them is
deleted, an entry ends. Shows `transfers_v1`, `disclosures_v1`, `processors_v1`, `register_duties_v1`, and
`require_transfer` for who is about to send. It stands below `purposes` and knows their keys only through
`purposes_v1`.
"""
