"""Name who acts, for the audit."""

from app.kit.ids import encode
from app.tenants.door import Caller


def name_actor(caller: Caller) -> str:
    """The key that was used, as it is written in the audit: `key_…`."""
    return encode("key", caller.key_id)
