"""Drafts to stream into, behind the one door of a module."""

import pytest

from tests.house import House, phone


@pytest.fixture
async def draft(shop: House) -> str:
    """A draft that skips unreadable rows; two people consent."""
    await shop.consent(phone(1), phone(2))
    return str((await shop.send(start=False, recipients=[], on_invalid="skip"))["id"])


@pytest.fixture
async def strict_draft(shop: House) -> str:
    """A draft that rejects them."""
    await shop.consent(phone(1), phone(2))
    return str((await shop.send(start=False, recipients=[]))["id"])
