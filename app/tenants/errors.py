"""What can be wrong with who is asking.

Unauthorized
├── KeyMissing          401  key_missing
├── KeyUnknown          401  key_unknown
└── KeyExpired          401  key_expired
Forbidden
├── ScopeMissing        403  scope_missing
└── ScopeNotHeld        403  scope_not_held
"""

from app.kit.errors import Forbidden, Unauthorized


class KeyMissing(Unauthorized):
    """No API key came with this request.

    It belongs in the header `Authorization: Bearer <key>`, and nowhere else: an address ends up in logs.
    """

    code = "key_missing"
    title = "API key missing"
    action = "Send the header Authorization: Bearer <key>."


class KeyUnknown(Unauthorized):
    """This API key is not known here, or it was revoked."""

    code = "key_unknown"
    title = "API key unknown"
    action = "Check that the key was copied whole, or issue a new one."


class KeyExpired(Unauthorized):
    """This API key has expired."""

    code = "key_expired"
    title = "API key expired"
    action = "Issue a new key and use that one."


class ScopeMissing(Forbidden):
    """This API key does not carry the scope that the operation needs.

    Every operation names its scope in the API description (`x-scopes`).
    """

    code = "scope_missing"
    title = "Scope missing"


class ScopeNotHeld(Forbidden):
    """A key can only hand on scopes that it has itself."""

    code = "scope_not_held"
    title = "Scope not held"
    action = "Ask for fewer scopes, or issue the key with one that has them."
