"""Open a leased message and post it to WhatsApp. No database session is open on these lines."""

from dataclasses import dataclass, field

import msgspec

from app.dispatch.held import Leased, Unbuildable
from app.kit.crypto import unseal
from app.people.seal import person_key, unseal_alias
from app.runtime import TenantKeys
from app.whatsapp.client import CloudApi
from app.whatsapp.outcomes import Outcome
from app.whatsapp.payloads import TemplateForm, template_message

_variables = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class Voice:
    """What speaks: the number, its token, and the template to fill."""

    phone_number_id: str
    token: str = field(repr=False)
    form: TemplateForm


async def post(api: CloudApi, voice: Voice, keys: TenantKeys, message: Leased) -> Outcome | Unbuildable:
    """Post one message once. Whoever may be cancelled shields this call: bytes may have left."""
    try:
        body = build(voice.form, keys, message)
    except Exception as error:  # noqa: BLE001  one row that cannot be built, for whatever reason, harms no other
        return Unbuildable(type(error).__name__)
    return await api.post(voice.phone_number_id, voice.token, body)


def build(form: TemplateForm, keys: TenantKeys, message: Leased) -> bytes:
    """The request body. Meta echoes the message's id in every status webhook, which is how the row is found."""
    address = unseal_alias(keys, message.holder_salt, message.holder_id, message.address_ct)
    variables: dict[str, str] = {}
    if message.variables_ct is not None:
        where = b"variables|" + message.person_id.bytes
        variables = _variables.decode(unseal(person_key(keys, message.salt), message.variables_ct, where))
    by_user_id = message.kind == "bsuid"
    return template_message(
        form,
        variables,
        opaque=str(message.id),
        to=None if by_user_id else address,
        user_id=address if by_user_id else None,
    )
