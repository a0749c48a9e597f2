"""Which keys a trusted key vouches for. Pure: with no database, no settings and no network."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.kit.notes import NoteBroken, Verifier

VOUCHED = b"toplu key v1\n"  # before the key that is vouched for: this signature can pass for no other of the same key


def vouched_for(trusted: Iterable[Verifier], vouchers: Iterable[Mapping[str, Any]]) -> list[Verifier]:
    """The trusted keys, and those that they vouch for with a signature that holds."""
    found = list(trusted)
    for one in vouchers:
        for by in tuple(found):
            try:
                holds = by.text == one["by"] and by.holds(
                    bytes.fromhex(one["signature"]), VOUCHED + one["key"].encode()
                )
                key = Verifier.read(one["key"])
            except (NoteBroken, KeyError, TypeError, ValueError, AttributeError):
                continue
            if holds and key.name == by.name and key not in found:
                found.append(key)
    return found
