"""One obvious entry of each register, as it is sent."""

from typing import Any

SHA = "ab" * 32

NEW: dict[str, dict[str, Any]] = {
    "transfers": {"importer": "Uzak Bulut Ltd.", "country": "DE", "safeguard": "standard_contract"},
    "disclosures": {
        "category": "court",
        "recipient": "İstanbul 3. Asliye Ticaret Mahkemesi",
        "law": "5271",
        "article": "332",
        "disclosed_at": "2026-11-02T10:00:00+03:00",
        "data_categories": ["contact"],
        "people_count": 1,
    },
    "processors": {"name": "Barındırma A.Ş.", "service": "Sunucu barındırma", "country": "TR"},
    "controls": {"title": "Sızma testi", "kind": "technical"},
    "assets": {"name": "Yedek kasası anahtarı", "kind": "secret"},
    "incidents": {
        "title": "Kayıp dizüstü",
        "description": "Diski şifreliydi.",
        "detected_at": "2026-11-20T10:00:00+03:00",
    },
}
CHANGES: dict[str, dict[str, Any]] = {
    "transfers": {"country": "FR"},
    "processors": {"contract_version": "2026-2", "review_on": "2027-05-01"},
    "controls": {"state": "in_place", "checked_on": "2026-11-01"},
    "assets": {"rotated_on": "2026-11-01", "review_on": "2027-11-01"},
    "incidents": {"notified_board_at": "2026-11-21T10:00:00+03:00", "board_reference": "2026-1"},
}
ONE = {name: name.removesuffix("s") for name in NEW}
