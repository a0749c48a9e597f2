"""What can be wrong with a purpose that was named.

Invalid
├── UnknownPurpose         422  unknown_purpose
└── PurposeNotSendable     422  purpose_not_sendable
"""

from app.kit.errors import Invalid


class UnknownPurpose(Invalid):
    """No purpose has this key.

    The registry is closed: `GET /v1/purposes` lists it. There is no `other`, because a purpose has to be
    specific (Law 6698, article 4/2-c).
    """

    code = "unknown_purpose"
    title = "Unknown purpose"
    action = "Use a key from GET /v1/purposes."


class PurposeNotSendable(Invalid):
    """Data may be processed for this purpose, but no message may be sent for it."""

    code = "purpose_not_sendable"
    title = "Purpose not sendable"
    action = "Use a purpose whose sendable is true in GET /v1/purposes."
