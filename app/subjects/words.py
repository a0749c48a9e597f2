"""What an export says in its own words, in Turkish and in English. This file is long because it says each twice."""

from dataclasses import dataclass
from typing import Literal

from app.subjects.export_schemas import ExportedDecision, NotIncluded

Language = Literal["tr", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed texts of one language."""

    language: Language
    decisions: tuple[ExportedDecision, ...]
    not_included: tuple[NotIncluded, ...]
    page: dict[str, str]


_TR = Words(
    "tr",
    (
        ExportedDecision(
            what="Size mesaj gönderilip gönderilmeyeceği",
            how="Her gönderimde kayıtlarınıza bakılır: itiraz, durdurma, onay veya başka bir dayanak, aydınlatma "
            "metninin güncelliği. Profil çıkarılmaz, puan verilmez.",
            effect="Kayıtlardan biri eksikse veya engelse mesaj gönderilmez.",
            how_to_object="Sonuca itiraz edebilirsiniz (6698 m.11/1-g): veri sorumlusuna başvurunuz.",
        ),
    ),
    (
        NotIncluded(what="Başka kişilere ait veriler", why="Başkalarının hakları korunur."),
        NotIncluded(
            what="WhatsApp'tan gelen ham bildirimler",
            why="Toplu hâlde ve şifreli tutulur, en çok 30 günde silinir; içlerindeki bilgiler yukarıdadır.",
        ),
        NotIncluded(what="Yedekler", why="Aynı verilerin kopyalarıdır ve saklama süreleri dolunca üzerlerine yazılır."),
        NotIncluded(what="Veri sorumlusunun kendi sistemlerindeki veriler", why="Bu hizmette tutulmaz; ona sorunuz."),
    ),
    {
        "title": "Hakkınızda tutulan veriler",
        "intro": "6698 sayılı Kanun'un 11. maddesi uyarınca, hakkınızda tutulan verilerin tamamı.",
        "clock": "Saatler Türkiye saatidir.",
        "controller": "Veri sorumlusu",
        "made_at": "Hazırlandığı an",
        "export": "Dışa aktarım",
        "made_with": "Anahtar",
        "person": "Kişi",
        "erased_at": "Silindiği an",
        "aliases": "Numaralar ve kimlikler",
        "purposes": "Amaçlar ve hukuki dayanakları",
        "records": "Onaylar, retler ve dayanaklar",
        "notices": "Size gösterilen aydınlatma metinleri",
        "messages": "Mesajlar",
        "heard": "Bize yazdıklarınız",
        "reviews": "Bir insanın okuduğu cümleleriniz",
        "questions": "Sohbette size sorulan onaylar",
        "replies": "Sohbette size verilen yanıtlar",
        "decision": "Karar",
        "stops": "Durdurmalar ve itirazlar",
        "requests": "Başvurularınız",
        "disclosures": "Aktarılan kişiler ve ülkeler",
        "retention": "Saklama süreleri",
        "automated_decisions": "Otomatik kararlar",
        "not_included": "Burada olmayanlar",
        "none": "Kayıt yok.",
        "yes": "evet",
        "no": "hayır",
        "not_sent": "gönderilmedi",
        "kept": "Amacına uygun",
        "not_kept": "Amacına uygun değil",
        "days": "gün",
        "years": "yıl",
        "others": "diğer bütün amaçlar",
        "no_end": "süresiz",
        "unreadable": "okunamaz (silindi)",
        "allowed_now": "Şu an mesaj gönderilebilir mi?",
        "what": "Ne",
        "why": "Neden",
        "when": "Ne zaman",
        "purpose": "Amaç",
        "basis": "Dayanak",
        "state": "Durum",
        "kind": "Tür",
        "value": "Değer",
        "act": "İşlem",
        "by": "Kim",
        "channel": "Kanal",
        "evidence": "Kanıt",
        "template": "Şablon",
        "content": "İçerik",
        "recipient": "Alıcı",
        "country": "Ülke",
        "safeguard": "Güvence",
        "until": "Süre",
        "starts": "Başlangıç",
        "law": "Mevzuat",
        "answer": "Yanıt",
        "how": "Nasıl",
        "effect": "Sonuç",
        "object": "İtiraz",
        "scope": "Kapsam",
        "in_force": "Yürürlükte",
        "transferred": "Numaranız veya kullanıcı kimliğiniz ile gönderilen mesajın içeriği",
        "transferred_for": "Mesajın iletilmesi",
        "disclosed": "açıklandı",
        "documented": "belgelendi (6698 m.9)",
        "not_documented": "belgelenmedi; veri sorumlusuna sorunuz (6698 m.9)",
    },
)
_EN = Words(
    "en",
    (
        ExportedDecision(
            what="Whether a message is sent to you",
            how="At every sending your records are looked at: objection, stop, consent or another basis, and whether "
            "the notice you were shown is current. No profile is made and no score is given.",
            effect="Where a record is missing or in the way, no message is sent.",
            how_to_object="You may object to the result (6698 m.11/1-g): ask the controller.",
        ),
    ),
    (
        NotIncluded(what="Data of other people", why="Their rights are protected."),
        NotIncluded(
            what="Raw webhooks of WhatsApp",
            why="Kept sealed, many together, and deleted after 30 days at most; what they say is in the records above.",
        ),
        NotIncluded(
            what="Backups", why="They are copies of the same data, and are overwritten when their time is over."
        ),
        NotIncluded(what="Data in the controller's own systems", why="They are not held here; ask the controller."),
    ),
    {
        "title": "What is held about you",
        "intro": "Everything that is held about you, according to article 11 of Law 6698.",
        "clock": "Times are those of Türkiye.",
        "controller": "Controller",
        "made_at": "Made at",
        "export": "Export",
        "made_with": "Key",
        "person": "Person",
        "erased_at": "Erased at",
        "aliases": "Numbers and ids",
        "purposes": "Purposes and their legal bases",
        "records": "Consents, refusals and bases",
        "notices": "Notices you were shown",
        "messages": "Messages",
        "heard": "What you wrote to us",
        "reviews": "Sentences of yours that a human read",
        "questions": "Consents you were asked for in the chat",
        "replies": "Answers you were given in the chat",
        "decision": "Decision",
        "stops": "Stops and objections",
        "requests": "Your requests",
        "disclosures": "Recipients and countries",
        "retention": "How long it is kept",
        "automated_decisions": "Automated decisions",
        "not_included": "What is not in here",
        "none": "Nothing on record.",
        "yes": "yes",
        "no": "no",
        "not_sent": "not sent",
        "kept": "Kept to its purpose",
        "not_kept": "Did not keep to its purpose",
        "days": "days",
        "years": "years",
        "others": "all other purposes",
        "no_end": "no end",
        "unreadable": "unreadable (erased)",
        "allowed_now": "May a message be sent now?",
        "what": "What",
        "why": "Why",
        "when": "When",
        "purpose": "Purpose",
        "basis": "Basis",
        "state": "State",
        "kind": "Kind",
        "value": "Value",
        "act": "Act",
        "by": "By",
        "channel": "Channel",
        "evidence": "Evidence",
        "template": "Template",
        "content": "Content",
        "recipient": "Recipient",
        "country": "Country",
        "safeguard": "Safeguard",
        "until": "How long",
        "starts": "Counted from",
        "law": "Law",
        "answer": "Answer",
        "how": "How",
        "effect": "Effect",
        "object": "Objecting",
        "scope": "Scope",
        "in_force": "In force",
        "transferred": "Your number or user id, and the content of the message",
        "transferred_for": "Delivering the message",
        "disclosed": "disclosed",
        "documented": "documented (6698 m.9)",
        "not_documented": "not documented; ask the controller (6698 m.9)",
    },
)


def words_in(language: Language) -> Words:
    """The words of one language."""
    return _TR if language == "tr" else _EN
