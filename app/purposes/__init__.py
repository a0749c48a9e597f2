"""Purposes: why we may write, and when.

Owns the registry: `purposes` (the version in force), `purpose_versions` (every version there ever was) and
`legal_references` (the law they cite), the same for every tenant and changed only by migrations. There is no
purpose called `other`. Owns as well what a tenant may tighten: `contact_rules` (quiet hours and frequency
caps of marketing) and `purpose_variables` (what its messages for a purpose may carry).

Shows `purposes_v1`, `purpose_variables_v1` and the reads in `queries` (`get_purpose`, `find_purpose`,
`list_purposes`), `contact.read_rules` (the rules in force), and the ways a purpose can be wrong in `errors`.
"""
