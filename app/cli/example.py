"""What `toplu init` makes, and what the sandbox is told of it: one sender, two templates, one notice."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

SENDER_NAME = "Deneme hattı"
PHONE_NUMBER_ID = "100000000000001"  # the sandbox's number and account
WABA_ID = "200000000000001"
DISPLAY_PHONE_NUMBER = "+1 555-010-0000"
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105 - it opens the sandbox only, which takes no other
MESSAGES_PER_SECOND = 80


@dataclass(frozen=True, slots=True)
class ExampleTemplate:
    """A template with named variables, and what it may be sent for."""

    name: str
    category: str
    body: str
    purposes: tuple[str, ...]
    language: str = "tr"


TEMPLATES = (
    ExampleTemplate(
        "autumn_offer",
        "marketing",
        "Merhaba {{first_name}}, sonbahar kampanyamız başladı: seçili ürünlerde %20 indirim. "
        "Mesaj almak istemiyorsanız İPTAL yazın.",
        ("campaign_information", "new_product_announcement"),
    ),
    ExampleTemplate(
        "order_update",
        "utility",
        "Merhaba {{first_name}}, {{order_no}} numaralı siparişiniz yola çıktı.",
        ("order_status_notification",),
    ),
)

NOTICE_NAME = "aydinlatma-metni"
NOTICE_LANGUAGE = "tr"
NOTICE_SHOWN_SINCE = datetime(2025, 1, 1, tzinfo=UTC)  # the examples' people consented in 2025
NOTICE_TITLE = "Kişisel verilerin işlenmesine ilişkin aydınlatma metni"
NOTICE_PURPOSES = (
    "campaign_information",
    "new_product_announcement",
    "marketing_communication",
    "order_status_notification",
)
NOTICE_BODY = """\
ÖRNEK METİN: yayına almadan önce kendi metninizle değiştirin.

Veri sorumlusu: Örnek Ticaret A.Ş., İstanbul.
Amaç: açık rızanızla, kampanyalar ve yeni ürünler hakkında bilgi vermek; siparişinizin ilerleyişini bildirmek.
Aktarım: mesajın size ulaşması için telefon numaranız WhatsApp'a (Meta Platforms, yurt dışı) aktarılır.
Toplama yöntemi ve hukuki sebep: internet sitemizdeki form; 6698 sayılı Kanun m. 5/1 (açık rıza) ve m. 5/2-c (sözleşme).
Haklarınız: 6698 sayılı Kanun'un 11. maddesindeki haklarınızı kvkk@example.com adresinden kullanabilirsiniz.
"""


def sandbox_templates() -> str:
    """The same templates as Meta's create call takes them, for the sandbox's file."""
    return json.dumps(
        [
            {
                "name": template.name,
                "language": template.language,
                "category": template.category.upper(),
                "parameter_format": "NAMED",
                "waba_id": WABA_ID,
                "components": [{"type": "BODY", "text": template.body}],
            }
            for template in TEMPLATES
        ],
        ensure_ascii=False,
    )
