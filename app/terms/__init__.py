"""Terms: what the tenant agreed to.

Owns the operator's documents (`terms_versions`, `terms_incorporations`: published, never changed, the same for every
tenant), and for each tenant what it was told (`terms_announcements`) and what it accepted (`terms_acceptances`,
`terms_acceptance_documents`). Shows `require_acceptance`, which the one decision on sending asks. Terms are accepted by
the tenant; they are no notice and no consent of a person, and cannot become one.
"""
