"""Whether a send request is acceptable, asked in one fixed order.

1 token · 2 permission · 3 version and object · 4 number registered · 5 account locked or restricted ·
6 envelope · 7 self-send · 8 template. The limits (9 to 11) follow in `accept`.
Meta does not publish its order; this one is ours.
"""

import re
from dataclasses import dataclass

import msgspec

from app.sandbox.failures import GraphError, Json
from app.sandbox.numbers import PhoneNumber
from app.sandbox.parameters import check_parameters
from app.sandbox.templates import Template, Templates

OLDEST, NEWEST = 21, 26  # Graph versions alive in November 2026
KINDS = ("text", "template", "interactive")
KNOWN_KINDS = (
    *("image", "video", "audio", "document", "sticker", "location", "contacts", "reaction"),
    *KINDS,
)
ENVELOPE = frozenset(
    {
        *("messaging_product", "recipient_type", "to", "recipient", "type", "context"),
        *("biz_opaque_callback_data", "recipient_identity_key_hash", "category", "ttl_seconds"),
        *KNOWN_KINDS,
    }
)
PHONE = re.compile(r"\+?[0-9]{5,20}")
PERSON_ID = re.compile(r"[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}")
OPAQUE_MOST, TEXT_MOST = 512, 4096
BUTTONS_MOST, QUESTION_MOST, TITLE_MOST, REPLY_ID_MOST = 3, 1024, 20, 256


@dataclass(frozen=True, slots=True)
class Draft:
    """A send that passed: `address` is the wa_id (digits) or the person id, `given` what was written."""

    given: str
    address: str
    by_person_id: bool
    kind: str
    opaque: str | None
    template: Template | None
    body: Json


def check_version(version: str) -> None:
    """Raise `GraphError` 100 for a Graph version that is dead, unborn or no version."""
    match = re.fullmatch(r"v(\d{1,3})\.0", version)
    if match is None or not OLDEST <= int(match[1]) <= NEWEST:
        raise GraphError(100, f"Unsupported Graph version; alive are v{OLDEST}.0 to v{NEWEST}.0")


def check_sender(number: PhoneNumber) -> None:
    """Raise `GraphError` when the number cannot send at all (steps 4 and 5)."""
    if number.status != "CONNECTED":
        raise GraphError(133010, "The phone number is not registered on the WhatsApp Business Platform")
    if number.refuse_code is not None:
        raise GraphError(number.refuse_code, "Configured on the sandbox's number")


def read_draft(raw: bytes, number: PhoneNumber, templates: Templates) -> Draft:
    """Steps 6 to 8 for one request body. Errors: `GraphError`."""
    body = _decode(raw)
    _check_envelope(body)
    given, address, by_person_id = _recipient(body, number)
    kind = str(body["type"])
    if address == number.digits:
        raise GraphError(131021, "Recipient phone number cannot be the sender phone number")
    if kind == "text":
        _check_text(body["text"])
        template = None
    elif kind == "interactive":
        _check_question(body["interactive"])
        template = None
    else:
        template = _template(body["template"], number, templates)
    opaque = body.get("biz_opaque_callback_data")
    return Draft(given, address, by_person_id, kind, str(opaque) if opaque else None, template, body)


def _decode(raw: bytes) -> Json:
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise GraphError(100, "The request body is not a JSON object") from None


def _check_envelope(body: Json) -> None:
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required and must be whatsapp")
    for key in body:
        if key not in ENVELOPE:
            raise GraphError(100, "Unexpected key on the message")
    kind = body.get("type", "text")
    if kind not in KNOWN_KINDS:
        raise GraphError(131009, "Parameter type is not one of the known message types")
    if kind not in KINDS:
        raise GraphError(131051, f"The sandbox takes messages of type {', '.join(KINDS)} only")
    body["type"] = kind
    if not isinstance(body.get(str(kind)), dict):
        raise GraphError(131008, f"Parameter {kind} is missing")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131009, "Parameter recipient_type must be individual")
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and (not isinstance(opaque, str) or len(opaque) > OPAQUE_MOST):
        raise GraphError(100, f"biz_opaque_callback_data must be a string of at most {OPAQUE_MOST} characters")


def _recipient(body: Json, number: PhoneNumber) -> tuple[str, str, bool]:
    to, person = body.get("to"), body.get("recipient")
    if to is None and person is None:
        raise GraphError(131008, "Parameter to or recipient is missing")
    if to is None:
        if not isinstance(person, str) or not PERSON_ID.fullmatch(person):
            raise GraphError(131009, "Parameter recipient is not a business-scoped user id")
        return person, person, True
    bare = re.sub(r"[-() ]", "", to) if isinstance(to, str) else ""
    if not isinstance(to, str) or not PHONE.fullmatch(bare):
        raise GraphError(131009, "Parameter to is not a phone number")
    # Without a plus Meta takes the number as a national one of the business's own country.
    return to, bare[1:] if bare.startswith("+") else number.country_code + bare, False


def _check_text(text: object) -> None:
    words = text.get("body") if isinstance(text, dict) else None
    if not isinstance(words, str) or not words:
        raise GraphError(131008, "Parameter text.body is missing")
    if len(words) > TEXT_MOST:
        raise GraphError(100, f"Parameter text.body must be at most {TEXT_MOST} characters long")


def _check_question(given: object) -> None:
    """Reply buttons, the one interactive kind that the sandbox takes."""
    asked = given if isinstance(given, dict) else {}
    if asked.get("type") != "button":
        raise GraphError(131051, "The sandbox takes interactive messages of type button only")
    body, action = asked.get("body"), asked.get("action")
    words = body.get("text") if isinstance(body, dict) else None
    buttons = action.get("buttons") if isinstance(action, dict) else None
    if not isinstance(words, str) or not words or not isinstance(buttons, list) or not buttons:
        raise GraphError(131008, "Parameter interactive.body.text or interactive.action.buttons is missing")
    if len(words) > QUESTION_MOST or len(buttons) > BUTTONS_MOST:
        raise GraphError(131009, f"At most {QUESTION_MOST} characters and {BUTTONS_MOST} buttons")
    replies = [button.get("reply") if isinstance(button, dict) else None for button in buttons]
    if not all(isinstance(one, dict) and _fits(one) for one in replies):
        raise GraphError(131009, "Each button needs reply.id and reply.title of at most 256 and 20 characters")
    if len({one["id"] for one in replies if isinstance(one, dict)}) < len(replies):
        raise GraphError(131009, "Reply ids must be unique within a message")


def _fits(reply: dict[str, object]) -> bool:
    lengths = (len(str(reply.get("id", ""))), len(str(reply.get("title", ""))))
    return 0 < lengths[0] <= REPLY_ID_MOST and 0 < lengths[1] <= TITLE_MOST


def _template(given: object, number: PhoneNumber, templates: Templates) -> Template:
    wanted = given if isinstance(given, dict) else {}
    language = wanted.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    name = wanted.get("name")
    if not isinstance(name, str) or not isinstance(code, str):
        raise GraphError(131008, "Parameter template.name or template.language.code is missing")
    template = templates.find(number.waba_id, name, code)
    if template is None or template.status not in ("APPROVED", "PAUSED", "DISABLED"):
        raise GraphError(132001, "The template does not exist in this language, or is not approved")
    if template.status == "PAUSED":
        raise GraphError(132015, "The template is paused because of low quality")
    if template.status == "DISABLED":
        raise GraphError(132016, "The template was paused too often and is disabled")
    check_parameters(template, wanted.get("components"))
    return template
