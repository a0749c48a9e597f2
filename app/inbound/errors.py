"""What WhatsApp's caller can be told, and what can be wrong with a review or a stop code.

Unauthorized
└── SignatureInvalid        401  signature_invalid
Forbidden
└── HandshakeRefused        403  handshake_refused
Conflict
├── ReviewDecided           409  review_decided
└── StopCodeTaken           409  stop_code_taken
Invalid
└── StopCodeUnusable        422  stop_code_unusable
Unavailable
├── WebhookNotConfigured    503  webhook_not_configured
└── WebhookNotKept          503  webhook_not_kept
"""

from app.kit.errors import Conflict, Forbidden, Invalid, Unauthorized, Unavailable


class SignatureInvalid(Unauthorized):
    """The signature is missing or does not fit these bytes.

    The header is `X-Hub-Signature-256: sha256=<64 lower-case hex digits>`, an HMAC-SHA256 of the exact body bytes,
    keyed with the app secret.
    """

    code = "signature_invalid"
    title = "Signature invalid"
    action = "Check that TOPLU_WHATSAPP_APP_SECRET is the secret of the app that sends these webhooks."


class HandshakeRefused(Forbidden):
    """This is not the handshake of a subscription with our verify token."""

    code = "handshake_refused"
    title = "Handshake refused"
    action = "Subscribe with the text of TOPLU_WHATSAPP_VERIFY_TOKEN as verify token."


class WebhookNotConfigured(Unavailable):
    """No app secret is configured, so no webhook can be believed. Nothing was kept."""

    code = "webhook_not_configured"
    title = "Webhook not configured"
    action = "Set TOPLU_WHATSAPP_APP_SECRET. WhatsApp repeats what was not acknowledged for up to seven days."


class WebhookNotKept(Unavailable):
    """The webhook could not be written to disk, so it is not acknowledged. WhatsApp will send it again."""

    code = "webhook_not_kept"
    title = "Webhook not kept"
    action = "Send it again later."


class ReviewDecided(Conflict):
    """This review was decided already."""

    code = "review_decided"
    title = "Review decided"
    action = "Read the review. A later wish of the person is a consent or a suppression of its own."


class StopCodeTaken(Conflict):
    """This word stops a purpose already."""

    code = "stop_code_taken"
    title = "Stop code taken"
    action = "Remove the other one first, or choose another word."


class StopCodeUnusable(Invalid):
    """This cannot stand behind DUR for one purpose.

    It has to be one word of letters or digits that is no stop word itself, and its purpose has to rest on consent.
    """

    code = "stop_code_unusable"
    title = "Stop code unusable"
    action = "Choose another word."
