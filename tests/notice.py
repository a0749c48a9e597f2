"""A complete notice, invented: what a test publishes when it is about something else."""

from collections.abc import Sequence
from typing import Any

LEGAL_BASIS = {
    "order_status_notification": "kvkk_5_2_c",
    "customer_service": "kvkk_5_2_c",
    "service_activation": "kvkk_5_2_c",
}


def blocks_of(purposes: Sequence[str], **more: Any) -> dict[str, Any]:
    """The five blocks of article 10 for these purposes; those that are not named here rest on consent."""
    blocks = {
        "controller": {"heading": "Veri sorumlusu", "name": "Dükkân A.Ş.", "contact": "kvkk@example.com"},
        "purposes": {
            "heading": "Amaçlar",
            "items": [
                {"purpose": key, "text": f"{number}. amaç: bilgi verilmesi."} for number, key in enumerate(purposes)
            ],
        },
        "recipients": {
            "heading": "Aktarım",
            "items": [
                {
                    "name": "WhatsApp (Meta Platforms)",
                    "reason": "mesajın size ulaştırılması",
                    "country": "İrlanda",
                    "safeguard": "Kanun m. 9/4: standart sözleşme",
                }
            ],
        },
        "collection": {
            "heading": "Yöntem ve hukuki sebep",
            "items": [
                {
                    "purposes": [key],
                    "method": "Form ile",
                    "legal_basis": LEGAL_BASIS.get(key, "kvkk_5_1"),
                    "text": "Kanun m. 5",
                }
                for key in purposes
            ],
        },
        "rights": {"heading": "Haklarınız", "rights": "Kanun m. 11 kapsamındadır.", "how": "kvkk@example.com"},
    }
    return blocks | more


def notice_of(*purposes: str, **more: Any) -> dict[str, Any]:
    """A notice that may be published, as `POST /v1/notices` takes it."""
    return {
        "name": "aydinlatma",
        "language": "tr",
        "title": "Aydınlatma metni",
        "body": "Kişisel verileriniz kampanya bildirimi amacıyla işlenir.",
        "purposes": list(purposes),
        "blocks": blocks_of(purposes),
        "label": "Okudum, anladım.",
        "shown_since": "2025-01-01T00:00:00Z",
    } | more


def version_of(*purposes: str, **more: Any) -> dict[str, Any]:
    """The next version of one, without how much it changes."""
    made = notice_of(*purposes, **more)
    return {name: value for name, value in made.items() if name not in ("name", "language")}
