"""Purposes: why we may write.

Owns the registry: `purposes` (the version in force) and `purpose_versions` (every version there ever
was), the same for every tenant and changed only by migrations. There is no purpose called `other`. Shows
`purposes_v1` and the reads in `queries` (`get_purpose`, `find_purpose`, `list_purposes`), and the two
ways a purpose can be wrong in `errors`.
"""
