"""Codes in plain words, in Turkish and in English: for the page that a person reads. JSON keeps the codes.

This file is long because it says each twice. A code that is not here is shown as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType

Said = tuple[str, str]  # Turkish, English

_ALIASES: Mapping[str, Said] = {
    "phone": ("telefon numarası", "phone number"),
    "bsuid": ("WhatsApp kullanıcı kimliği", "WhatsApp user id"),
}
_RECORDS: Mapping[str, Said] = {
    "explicit_consent": ("açık rıza (6698)", "explicit consent (6698)"),
    "commercial_approval": ("ticari ileti onayı (6563)", "approval of commercial messages (6563)"),
    "basis_assertion": ("rıza dışında bir hukuki sebep", "a legal basis other than consent"),
    "notice_acknowledgement": ("aydınlatma metni", "notice"),
    "terms_acceptance": ("sözleşme", "terms"),
    "suppression": ("durdurma", "stop"),
    "objection": ("itiraz", "objection"),
    "identity": ("numara veya kimlik kaydı", "record about a number or id"),
}
_ACTS: Mapping[str, Said] = {
    "given": ("verildi", "given"),
    "refused": ("reddedildi", "refused"),
    "withdrawn": ("geri alındı", "withdrawn"),
    "invalidated": ("geçersiz kılındı", "ended, because the number was closed or changed hands"),
    "imported": ("kanıtsız aktarıldı, sayılmaz", "imported without proof, does not count"),
    "invalid": ("kaydedildi, sayılmaz", "recorded, does not count"),
    "asserted": ("bildirildi", "stated"),
    "ended": ("sona erdi", "ended"),
    "raised": ("konuldu", "raised"),
    "lifted": ("kaldırıldı", "lifted"),
    "shown": ("gösterildi", "shown"),
    "acknowledged": ("okundu", "acknowledged"),
    "linked": ("eklendi", "added"),
    "merged": ("iki kayıt birleştirildi", "two records became one"),
    "moved": ("yeni numaraya geçti", "moved to another number"),
    "closed": ("kapatıldı", "closed"),
    "corrected": ("düzeltildi", "corrected"),
    "declared": ("beyan edildi", "declared"),
}
_WHO: Mapping[str, Said] = {
    "person": ("siz", "you"),
    "tenant": ("veri sorumlusu", "the controller"),
    "platform": ("WhatsApp", "WhatsApp"),
    "review": ("inceleme sürerken", "while your message was being looked at"),
}
_CHANNELS: Mapping[str, Said] = {
    "web_form": ("web formu", "web form"),
    "mobile_app": ("mobil uygulama", "mobile app"),
    "paper": ("kâğıt", "paper"),
    "call_centre": ("çağrı merkezi", "call centre"),
    "in_person": ("yüz yüze", "in person"),
    "whatsapp": ("WhatsApp", "WhatsApp"),
    "sms": ("SMS", "SMS"),
    "import": ("liste aktarımı", "imported list"),
    "api": ("başka bir sistem", "another system"),
}
_REASONS: Mapping[str, Said] = {
    "objected": ("itirazınız var", "you objected"),
    "suppressed": ("bu mesajlar durduruldu", "these messages are stopped"),
    "unknown_person": ("kayıt yoktu veya silindi", "nothing was on record, or it was erased"),
    "no_basis": ("hukuki sebep yok", "there is no legal basis"),
    "consent_withdrawn": ("rıza veya onay geri alındı", "the consent or approval was withdrawn"),
    "consent_invalidated": ("numara kapandı veya el değiştirdi", "the number was closed or changed hands"),
    "consent_not_given": ("rıza veya onay verilmedi", "the consent or approval was not given"),
    "consent_expired": ("rızanın veya onayın süresi doldu", "the consent or approval ran out"),
    "notice_stale": ("aydınlatma metni o günden sonra değişti", "the notice has changed since"),
    "line_closed": ("numara kapandı", "the number was closed"),
    "duplicate": ("aynı listede iki kez yazılıydı", "it stood twice in one list"),
}
_STATES: Mapping[str, Said] = {
    "queued": ("sırada", "waiting"),
    "sending": ("gönderiliyor", "being sent"),
    "sent": ("gönderildi", "sent"),
    "delivered": ("teslim edildi", "delivered"),
    "read": ("okundu", "read"),
    "failed": ("gönderilemedi", "failed"),
    "refused": ("gönderilmedi", "not sent"),
    "uncertain": ("gönderilip gönderilmediği bilinmiyor", "not known whether it was sent"),
    "expired": ("süresi doldu, gönderilmedi", "ran out, not sent"),
    "cancelled": ("iptal edildi, gönderilmedi", "cancelled, not sent"),
}
_BASES: Mapping[str, Said] = {
    "kvkk_5_1": ("açık rızanız (6698 m.5/1)", "your explicit consent (6698 m.5/1)"),
    "kvkk_5_2_a": ("kanunda öngörülmesi (6698 m.5/2-a)", "a law provides for it (6698 m.5/2-a)"),
    "kvkk_5_2_b": ("hayatın korunması (6698 m.5/2-b)", "the protection of a life (6698 m.5/2-b)"),
    "kvkk_5_2_c": ("sözleşmenin kurulması veya ifası (6698 m.5/2-c)", "a contract with you (6698 m.5/2-c)"),
    "kvkk_5_2_cc": ("hukuki yükümlülük (6698 m.5/2-ç)", "a legal obligation (6698 m.5/2-ç)"),
    "kvkk_5_2_d": ("sizin alenileştirmeniz (6698 m.5/2-d)", "you made it public (6698 m.5/2-d)"),
    "kvkk_5_2_e": ("bir hakkın korunması (6698 m.5/2-e)", "the protection of a right (6698 m.5/2-e)"),
    "kvkk_5_2_f": ("meşru menfaat (6698 m.5/2-f)", "a legitimate interest (6698 m.5/2-f)"),
}
_REQUESTS: Mapping[str, Said] = {
    "access": ("verilere erişim", "access"),
    "information": ("bilgi", "information"),
    "purpose_conformity": ("amacına uygunluk", "whether it keeps to its purpose"),
    "recipients": ("aktarılan kişiler", "recipients"),
    "correction": ("düzeltme", "correction"),
    "erasure": ("silme", "erasure"),
    "third_party_notification": ("üçüncü kişilere bildirim", "notifying third parties"),
    "automated_result_objection": ("otomatik sonuca itiraz", "objection to an automated result"),
    "damages": ("zararın giderilmesi", "damages"),
    "open": ("açık", "open"),
    "answered": ("yanıtlandı", "answered"),
    "refused": ("reddedildi", "refused"),
    "fulfilled": ("yerine getirildi", "fulfilled"),
    "partly_fulfilled": ("kısmen yerine getirildi", "partly fulfilled"),
    "identity_not_shown": ("kimlik gösterilmedi", "identity not shown"),
    "kept_by_law": ("kanun saklanmasını ister", "a law says to keep it"),
    "held_for_lawsuit": ("dava için tutuluyor", "held for a lawsuit"),
    "rights_of_others": ("başkalarının hakları", "rights of others"),
    "unfounded": ("dayanaksız", "unfounded"),
    "nothing_held": ("kayıt yok", "nothing is held"),
}
_SCOPES: Mapping[str, Said] = {
    "all": ("bütün mesajlar", "all messages"),
    "marketing": ("bütün ticari mesajlar", "all marketing messages"),
}
CODES: Mapping[str, Mapping[str, Said]] = MappingProxyType(
    {
        "alias": _ALIASES,
        "record": _RECORDS,
        "act": _ACTS,
        "who": _WHO,
        "channel": _CHANNELS,
        "reason": _REASONS,
        "state": _STATES,
        "basis": _BASES,
        "request": _REQUESTS,
        "scope": _SCOPES,
    }
)
"""Each closed list of the page by the name of its field."""


def say(field: str, code: str | None, language: str) -> str:
    """What a code of that field means, in words. The code itself where nobody wrote words; nothing for None."""
    if code is None:
        return ""
    said = CODES[field].get(code)
    return code if said is None else said[0 if language == "tr" else 1]
