"""Tell the audit what changed in an entry."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text

from app.registers.describe import Register

# Of texts only words from closed lists, digests and numbers of laws go into the audit: the rest is free, and somebody
# may have written a name into it.
PLAIN = frozenset(
    {
        *("category", "classification", "country", "kind", "role", "safeguard", "state"),
        *("law", "article", "document_sha256", "contract_sha256"),
    }
)


def tell_change(register: Register, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`fields`: all that changed. `values`: name to [before, after], of those that cannot hold personal data."""
    told = [name for name in sorted(after) if _is_plain(register, name)]
    return {
        "fields": sorted(after),
        "values": {name: [_shown(before.get(name)), _shown(after[name])] for name in told},
    }


def _is_plain(register: Register, name: str) -> bool:
    return name in PLAIN or (name != "people" and not isinstance(register.table.c[name].type, Text))


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
