"""What `toplu init` makes, and what the sandbox is told of it: one sender, two templates, one notice."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from app.notices.words import (
    Blocks,
    Collected,
    Collection,
    Controller,
    Draft,
    NamedPurpose,
    NamedPurposes,
    Recipient,
    Recipients,
    Rights,
    Words,
)

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
NOTICE_PURPOSES = (
    "campaign_information",
    "new_product_announcement",
    "marketing_communication",
    "order_status_notification",
)
NOTICE = Draft(
    NOTICE_PURPOSES,
    [
        Words(
            language="tr",
            title="Kişisel verilerin işlenmesine ilişkin aydınlatma metni",
            body="ÖRNEK METİN: yayına almadan önce kendi metninizle değiştirin.\n"
            "Bu metin, 6698 sayılı Kanun'un 10. maddesi uyarınca sizi bilgilendirmek içindir.",
            blocks=Blocks(
                controller=Controller(
                    "1. Veri sorumlusu",
                    "Örnek Ticaret A.Ş.",
                    "Örnek Mah. Deneme Sok. No: 1, İstanbul – kvkk@example.com",
                ),
                purposes=NamedPurposes(
                    "2. Amaçlar",
                    (
                        NamedPurpose("campaign_information", "Kampanyalar hakkında bilgi verilmesi."),
                        NamedPurpose("new_product_announcement", "Yeni ürün ve hizmetlerin duyurulması."),
                        NamedPurpose("marketing_communication", "Pazarlama iletişiminin yürütülmesi."),
                        NamedPurpose("order_status_notification", "Siparişinizin ilerleyişinin bildirilmesi."),
                    ),
                ),
                recipients=Recipients(
                    "3. Aktarım",
                    (
                        Recipient(
                            "WhatsApp (Meta Platforms Ireland Limited)",
                            "mesajın telefonunuza ulaştırılması",
                            "İrlanda ve Amerika Birleşik Devletleri",
                            "Kanun m. 9/4 uyarınca standart sözleşme",
                        ),
                    ),
                ),
                collection=Collection(
                    "4. Toplama yöntemi ve hukuki sebep",
                    (
                        Collected(
                            NOTICE_PURPOSES[:3],
                            "İnternet sitemizdeki formla, elektronik ortamda",
                            "kvkk_5_1",
                            "Kanun m. 5/1: açık rızanız",
                        ),
                        Collected(
                            NOTICE_PURPOSES[3:],
                            "Siparişinizi verirken, elektronik ortamda",
                            "kvkk_5_2_c",
                            "Kanun m. 5/2-c: sözleşmenin ifası",
                        ),
                    ),
                ),
                rights=Rights(
                    "5. Haklarınız",
                    "Kanun'un 11. maddesi uyarınca verilerinizin işlenip işlenmediğini öğrenme, bilgi isteme, "
                    "düzeltilmesini ve silinmesini isteme, işlemeye itiraz etme ve zararınızın giderilmesini "
                    "isteme haklarınız vardır.",
                    "Başvurunuzu kvkk@example.com adresine yazarak iletebilirsiniz; en geç otuz gün içinde yanıtlanır.",
                ),
            ),
            label="Aydınlatma metnini okudum, anladım.",
        )
    ],
    shown_since=datetime(2025, 1, 1, tzinfo=UTC),  # the examples' people consented in 2025
)


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
