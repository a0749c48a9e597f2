"""Tenants: who is asking.

For authentication, scopes, the transaction a caller acts in, and answers that must be the same when a
request is repeated. Owns `tenants`, `tenant_keys`, `api_keys` and `idempotency_keys`. Shows other rooms
the transaction (`door`: `writes`, `reads`, `needs`), the keys that seal a tenant's values (`keys`),
`once` and its parts (`remember`), and `name_actor` for the audit.
"""
