"""Consents: may we write to this person, for this purpose, now?

Owns the ledger (`consent_events`, append-only), its two folds (`consent_states`, `suppressions`) and the gate, the view
`consent_verdicts_v1`, which accept, claim and check join alike; `gate` names its refusals. Shows other rooms that view,
`consent_events_v1`, and the verbs `record`, `withdraw`, `suppress`/`lift`, `acknowledge`, `check` and
`assert_bases`/`assert_bases_of`/`end_bases`.

Every act that restricts first takes the person's row (`restrict`), so it and a claim have one order: whoever commits
first is seen by the other.
"""
