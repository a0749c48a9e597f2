"""What is said to somebody who wrote STOP or START: neutral, in both languages, without promotion."""

from typing import Final

from app.optins.keywords import AMBIGUOUS
from app.purposes.queries import Purpose

STOPPED: Final = (
    "Talebiniz alındı. Size artık tanıtım mesajı göndermeyeceğiz.\n"
    "Your request was received. We will send you no more promotional messages."
)
UNDO: Final = (
    "\n\nBunu istemediyseniz BAŞLA yazın; diğer işlemleriniz etkilenmez.\n"
    "If you did not mean this, write START; nothing else is affected."
)
_STOPPED_ONE: Final = (
    "Talebiniz alındı. Şu amaçla artık mesaj göndermeyeceğiz: {tr}. Tüm tanıtım mesajlarını durdurmak için RET yazın.\n"
    "Your request was received. We will send you no more messages for: {en}. To stop all promotion, write STOP."
)
START_HELP: Final = (
    "Bu mesajınız bir onay sayılmaz ve durdurduğunuz mesajlar kapalı kalır. Yeniden almak isterseniz işletmenin onay"
    " formunu ya da bağlantısını kullanın.\n"
    "This message is no consent, and what you stopped stays stopped. To receive messages again, use the form or link of"
    " the business."
)


def stop_confirmation(keyword: str | None, purpose: Purpose | None) -> str:
    """The one confirmation of a STOP, of everything or of one purpose; an ambiguous word is told how to undo it."""
    if purpose is not None:
        return _STOPPED_ONE.format(tr=purpose.title_tr, en=purpose.title_en)
    return STOPPED + UNDO if keyword in AMBIGUOUS else STOPPED
