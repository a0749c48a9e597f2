"""What is said to people here, in Turkish and English: plain, without promotion, one act at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["tr", "en"]
OfferKind = Literal["explicit_consent", "commercial_approval"]
SayKind = Literal["opt_in_question", "opt_in_confirmation", "opt_in_refusal", "opt_in_expired"]


@dataclass(frozen=True, slots=True)
class Titles:
    """The labels of the buttons; WhatsApp shows 20 characters."""

    yes: str
    no: str
    undo: str


TITLES: Final[Mapping[Language, Titles]] = {
    "tr": Titles("ONAYLIYORUM", "VAZGEÇ", "ONAYIMI GERİ AL"),
    "en": Titles("I AGREE", "NO, THANKS", "TAKE IT BACK"),
}
FIRST_WORDS: Final[Mapping[Language, str]] = {
    "tr": "Merhaba, bilgi almak istiyorum.",
    "en": "Hello, I would like to know more.",
}
_EFFECT: Final[Mapping[tuple[Language, OfferKind], str]] = {
    ("tr", "explicit_consent"): "Amaç: {title}.\nOnaylarsanız kişisel verilerinizin yalnızca bu amaçla işlenmesine açık"
    " rıza vermiş olursunuz (6698 s. Kanun).",
    ("tr", "commercial_approval"): "Amaç: {title}.\nOnaylarsanız bu amaçla WhatsApp üzerinden ticari elektronik ileti"
    " almayı kabul etmiş olursunuz (6563 s. Kanun).",
    ("en", "explicit_consent"): "Purpose: {title}.\nBy agreeing you give explicit consent to the processing of your"
    " personal data for this purpose only (Law 6698).",
    ("en", "commercial_approval"): "Purpose: {title}.\nBy agreeing you accept commercial messages on WhatsApp for this"
    " purpose only (Law 6563).",
}
_NOTICE: Final[Mapping[Language, str]] = {
    "tr": "Aydınlatma metni: {notice} (sürüm {version}){url}",
    "en": "Notice: {notice} (version {version}){url}",
}
_REFUSE: Final[Mapping[Language, str]] = {
    "tr": "Onay zorunlu değildir. İstemiyorsanız {no} düğmesine basın ya da yanıt vermeyin."
    " Onayınızı dilediğiniz an RET yazarak geri alabilirsiniz.",
    "en": "You do not have to agree. If you do not want to, press {no} or do not answer."
    " You can take it back at any time by writing STOP.",
}
_CONFIRMED: Final[Mapping[tuple[Language, OfferKind], str]] = {
    (
        "tr",
        "explicit_consent",
    ): "Açık rızanız kaydedildi. Amaç: {title}.\nSize ait değilse ya da vazgeçtiyseniz aşağıdaki"
    " düğmeye basın. Dilediğiniz an RET yazarak da geri alabilirsiniz.",
    ("tr", "commercial_approval"): "Ticari ileti onayınız kaydedildi. Amaç: {title}.\nSize ait değilse ya da"
    " vazgeçtiyseniz aşağıdaki düğmeye basın. Dilediğiniz an RET yazarak da geri alabilirsiniz.",
    (
        "en",
        "explicit_consent",
    ): "Your explicit consent was recorded. Purpose: {title}.\nIf it was not you, or you changed"
    " your mind, press the button below. You can also take it back at any time by writing STOP.",
    ("en", "commercial_approval"): "Your approval of commercial messages was recorded. Purpose: {title}.\nIf it was not"
    " you, or you changed your mind, press the button below. You can also take it back at any time by writing STOP.",
}
_REFUSED: Final[Mapping[Language, str]] = {
    "tr": "Onay vermediğiniz kaydedildi. Amaç: {title}. Bu amaçla size mesaj göndermeyeceğiz.",
    "en": "We recorded that you do not agree. Purpose: {title}. We will send you no messages for it.",
}
_EXPIRED: Final[Mapping[Language, str]] = {
    "tr": "Bu sorunun süresi dolmuştu; hiçbir onay kaydedilmedi. İsterseniz ilk mesajınızı yeniden gönderin.",
    "en": "This question had expired; nothing was recorded. If you wish, send your first message again.",
}


def question(language: Language, kind: OfferKind, text: str, *, title: str, notice: str, version: int, url: str) -> str:
    """The whole question: the tenant's words, then purpose, effect, notice, and how to refuse."""
    address = f"\n{url}" if url else ""
    return "\n\n".join(
        (
            text,
            _EFFECT[language, kind].format(title=title),
            _NOTICE[language].format(notice=notice, version=version, url=address),
            _REFUSE[language].format(no=TITLES[language].no),
        )
    )


def answered(what: SayKind, language: Language, kind: OfferKind, title: str) -> str:
    """What is said after a tap."""
    if what == "opt_in_confirmation":
        return _CONFIRMED[language, kind].format(title=title)
    return (_EXPIRED if what == "opt_in_expired" else _REFUSED)[language].format(title=title)
