"""Words that promote, in any Turkish form; and texts that only look like it."""

import pytest

from app.templates.content import find_gaps
from app.templates.promotion import find_promotion


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Tüm indirimlerimizden haberdar olun", "indirim"),
        ("İNDİRİM başladı", "indirim"),
        ("ındırım", "indirim"),
        ("kampanyamız sürüyor", "kampanya"),
        ("Bu FIRSATI görün", "firsat"),
        ("Size bir hediyemiz var", "hediye"),
        ("çekilişimize katılın", "cekilis"),
        ("kuponunuzu kullanın", "kupon"),
        ("PROMOSYONLU ürünler", "promosyon"),
        ("sepetinizdekiler sizi bekliyor", "sepet"),
        ("Seçili ürünlerde %20", "%"),
        ("20 % off", "%"),
        ("yüzde 20 ucuz", "%"),
        ("Ｉｎｄｉｒｉｍ", "indirim"),
        ("indi\u200brim", "indirim"),
        ("i n d i r i m", "indirim"),
        ("Use your coupon", "coupon"),
        ("Size özel teklifimiz", "ozel teklif"),
    ],
)
def test_what_promotes_is_found(said: str, found: str) -> None:
    assert (found,) == find_promotion([said])


@pytest.mark.parametrize(
    "said",
    [
        "Siparişiniz {{1}} yola çıktı.",
        "Dosyayı indirmek için uygulamayı açın, indirin.",
        "Sizi müdürlüğe terfi ettirdik: promoted",
        "Doğrulama kodunuz: {{1}}",
        "{{kampanya}} numaralı kaydınız açıldı",
        "Ekim ayı faturanızın son ödeme tarihi geçti.",
        "Servis randevunuz yarın saat 14.00'te.",
    ],
)
def test_what_serves_is_let_through(said: str) -> None:
    assert () == find_promotion([said])


def test_every_part_of_a_template_is_read_and_findings_keep_their_order() -> None:
    assert ("kampanya", "hediye", "%") == find_promotion(["%10", "hediyeniz", "kampanya"])


def test_a_marketing_text_is_told_what_it_lacks() -> None:
    bare = find_gaps(["Merhaba {{1}}, yeni ürünler geldi."])
    whole = find_gaps(
        [
            "KAMPANYA",
            "Yeni ürünler geldi. Koşullar: https://example.com/kosullar",
            "Örnek Tic. A.Ş. Mersis 0123456789012345. İstemiyorsanız RET yazın.",
        ]
    )

    assert ["sender_not_named", "contact_missing", "refusal_missing", "promotion_not_marked"] == bare
    assert [] == whole
