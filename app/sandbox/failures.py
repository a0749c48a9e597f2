"""Meta's error codes as the sandbox answers them, and the two bodies they come in.

Source: Meta, "Error codes" of the Cloud API (the HTTP column is that of its December 2025 version).
"""

from app.sandbox.ids import trace_id

Json = dict[str, object]

HREF = "/documentation/business-messaging/whatsapp/support/error-codes"

# code: (title, HTTP status of a synchronous answer)
CODES: dict[int, tuple[str, int]] = {
    0: ("AuthException", 401),
    1: ("API Unknown", 400),
    2: ("API Service", 503),
    4: ("API Too Many Calls", 400),
    10: ("Permission denied", 403),
    33: ("Parameter value is not valid", 400),
    100: ("Invalid parameter", 400),
    190: ("Access token has expired", 401),
    368: ("Temporarily blocked for policies violations", 403),
    80007: ("Rate limit issues", 400),
    130403: ("Business has blocked this user", 400),
    130429: ("Rate limit hit", 400),
    130472: ("User's number is part of an experiment", 400),
    131000: ("Something went wrong", 500),
    131005: ("Access denied", 403),
    131008: ("Required parameter is missing", 400),
    131009: ("Parameter value is not valid", 400),
    131016: ("Service unavailable", 500),
    131021: ("Recipient cannot be sender", 400),
    131026: ("Message undeliverable", 400),
    131030: ("Recipient phone number not in allowed list", 400),
    131031: ("Account has been locked", 403),
    131042: ("Business eligibility payment issue", 400),
    131045: ("Incorrect certificate", 500),
    131047: ("Re-engagement message", 400),
    131048: ("Spam rate limit hit", 400),
    131049: ("This message was not delivered to maintain healthy ecosystem engagement.", 400),
    131050: (
        "Unable to deliver the message. This recipient has chosen to stop marketing messages",
        400,
    ),
    131051: ("Unsupported message type", 400),
    131053: ("Media upload error", 400),
    131056: ("(Business Account, Consumer Account) pair rate limit hit", 400),
    131057: ("Account in maintenance mode", 500),
    131063: ("Marketing messages are disabled on Cloud API", 400),
    131064: ("Messaging limit from template classification violations", 400),
    132000: ("Number of parameters does not match the expected number of params", 400),
    132001: ("Template name does not exist in the translation", 404),
    132005: ("Template hydrated text too long", 400),
    132012: ("Parameter format does not match format in the created template", 400),
    132015: ("Template is paused", 400),
    132016: ("Template is disabled", 400),
    132018: ("Template validation error", 400),
    133010: ("Phone number not registered", 400),
}
THROTTLES = frozenset({4, 80007, 130429, 131056})


def title_of(code: int) -> str:
    """Meta's title for a code; a plain sentence for one the table does not have."""
    return CODES.get(code, ("Something went wrong", 500))[0]


class GraphError(Exception):
    """A request is refused with one of Meta's codes, synchronously."""

    def __init__(
        self, code: int, details: str, *, subcode: int | None = None, status: int | None = None, told: str = "refused"
    ) -> None:
        super().__init__(code)
        self.told = told  # the truth log's word for it
        self.code = code
        self.details = details
        self.subcode = subcode
        self.status = CODES.get(code, ("", 400))[1] if status is None else status

    def body(self) -> Json:
        """The Graph error object: branch on `code`, log `fbtrace_id`."""
        error: Json = {
            "message": f"(#{self.code}) {title_of(self.code)}",
            "type": "GraphMethodException" if self.subcode == 33 else "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": trace_id(),
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error}


def webhook_error(code: int) -> Json:
    """The item of `statuses[].errors[]`: no trace id there."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": f"{title}. Made up by the sandbox."},
        "href": HREF,
    }
