"""Audit: administrative acts, each written in the transaction that did it.

Owns `audit_events`, which the database lets nobody change. Shows `record`. It stands below `tenants`
(issuing a key is audited), so it knows no authentication and has no API of its own.
"""
