"""What a webhook may tell: plain facts, one class for each kind.

Source: Meta, "Webhooks reference: messages, user_preferences, message_template_status_update" (2026-05 and
2026-09). Numbers may be absent, not empty, since usernames exist.
"""

from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "IdentityUpdate",
    "InboundMessage",
    "PreferenceUpdate",
    "StatusUpdate",
    "TemplateUpdate",
    "UnknownUpdate",
    "Update",
]


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What became of one message of ours.

    `status` is Meta's word: `sent`, `delivered`, `read`, `played`, `failed`, or one we do not know yet.
    `opaque` echoes our callback data. `recipient_id` is bare digits as Meta writes them, None for a person
    who hides the number. `code` and `title` come with `failed`; `title` is Meta's, without the details.
    """

    phone_number_id: str
    wamid: str
    status: str
    at: datetime
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    opaque: str | None = None
    code: int | None = None
    title: str | None = None
    pricing_category: str | None = None
    pricing_type: str | None = None
    waba_id: str | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What a person wrote or pressed.

    `kind` is Meta's type (`text`, `button`, `interactive`, `image`, `system`, ...). `text` holds the words
    the person saw or wrote: the text, the button's label, the caption. `button_payload` is what our button
    or menu row carried. `from_phone` is E.164 with +; `from_phone` or `from_user_id` is always set.
    """

    phone_number_id: str
    waba_id: str | None
    wamid: str
    from_phone: str | None
    from_user_id: str | None
    at: datetime
    kind: str
    text: str | None = None
    button_payload: str | None = None
    context_wamid: str | None = None


@dataclass(frozen=True, slots=True)
class IdentityUpdate:
    """A person has a new number, or a new user id (which changes with the number): a message of the type `system`.

    At least one name before and one after is set; phones are E.164 with +. Older deliveries do not name the user id
    before (Meta, changelog, 2026-08-11).
    """

    phone_number_id: str
    wamid: str
    old_phone: str | None
    old_user_id: str | None
    new_phone: str | None
    new_user_id: str | None
    at: datetime
    waba_id: str | None = None


@dataclass(frozen=True, slots=True)
class PreferenceUpdate:
    """A person used WhatsApp's own switch: `value` is `stop`, `resume`, `signup` or something newer."""

    phone_number_id: str
    wa_id: str | None
    user_id: str | None
    category: str
    value: str
    at: datetime
    waba_id: str | None = None


@dataclass(frozen=True, slots=True)
class TemplateUpdate:
    """Something about a template changed; only what was told is set.

    `field` is the webhook field, `event` its word (`APPROVED`, `PAUSED`, ...). `language` is written as the
    API wants it (`en_US`), also where Meta's webhook has a hyphen.
    """

    waba_id: str | None
    field: str
    template_id: str
    name: str | None
    language: str | None
    at: datetime
    event: str | None = None
    category: str | None = None
    reason: str | None = None
    quality: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownUpdate:
    """An update that is not read: a field we do not know, or an item without what makes it usable.

    `field` is safe to log; it is `unreadable` when Meta's word is not of the usual form.
    """

    field: str


Update = StatusUpdate | InboundMessage | IdentityUpdate | PreferenceUpdate | TemplateUpdate | UnknownUpdate
