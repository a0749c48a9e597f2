"""Statements kept as SQL, beside the function that runs them."""

from pathlib import Path

from sqlalchemy import TextClause, text


def sql_beside(module_file: str, part: str = "") -> TextClause:
    """Load the statement that shares this module's name: `lease.py` -> `lease.sql`, or `lease.<part>.sql`.

    Raises FileNotFoundError at import, so a missing statement stops the boot and not a send.
    """
    path = Path(module_file).with_suffix(f".{part}.sql" if part else ".sql")
    return text(path.read_text(encoding="utf-8"))
