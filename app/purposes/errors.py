"""What can be wrong with a purpose that was named, and with a tenant's contact rules.

Invalid
├── UnknownPurpose         422  unknown_purpose
├── PurposeNotSendable     422  purpose_not_sendable
├── UnknownTimeZone        422  unknown_time_zone
├── RulesTooLoose          422  rules_too_loose
└── RulesNeverOpen         422  rules_never_open
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


class UnknownTimeZone(Invalid):
    """There is no time zone of this name."""

    code = "unknown_time_zone"
    title = "Unknown time zone"
    action = "Use a name of the IANA database, like Europe/Istanbul."


class RulesTooLoose(Invalid):
    """A tenant's rules may be tighter than the operator's, never looser.

    Quiet hours have to cover the operator's; caps may not be larger.
    """

    code = "rules_too_loose"
    title = "Rules too loose"
    action = "Compare with `operator` in GET /v1/contact-rules."


class RulesNeverOpen(Invalid):
    """With the operator's hours and these, no hour of the day would be left."""

    code = "rules_never_open"
    title = "Rules never open"
    action = "Leave an hour that is quiet neither here nor in `operator` of GET /v1/contact-rules."
