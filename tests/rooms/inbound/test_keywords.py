"""A stop word is found however Turkish keyboards write it, and only where it is the whole message."""

import pytest

from app.kit.fold import fold
from app.optins.keywords import (
    find_stop_code,
    is_no,
    is_spelled_out,
    is_start,
    is_stop,
    is_stop_button,
    may_mean_stop,
)

FOLDED = {
    "İPTAL": "iptal",
    "IPTAL": "iptal",
    "iptal": "iptal",
    "ıptal": "iptal",
    "i̇ptal": "iptal",
    "ÇIKIŞ": "cikis",
    "Çıkış": "cikis",
    "CIKIS": "cikis",
    "ABONELİKTEN ÇIK": "abonelikten cik",
    "DUR.": "dur",
    "dur!": "dur",
    "Dur\u200b": "dur",
    "ＳＴＯＰ": "stop",
    "D U R": "d u r",
    "ABONELİĞİ İPTAL ET": "aboneligi iptal et",
    "Mesaj  gönderme!": "mesaj gonderme",
    "🛑 Stop 🛑": "stop",
    "şikâyet": "sikayet",
    "": "",
    "…": "",
}


@pytest.mark.parametrize(("written", "folded"), FOLDED.items())
def test_writing_folds_to_plain_words(written: str, folded: str) -> None:
    assert folded == fold(written)


@pytest.mark.parametrize(
    "written",
    [
        *("dur", "durdur", "ret", "red", "reddet", "stop", "iptal", "çıkış", "çık", "abonelikten çık"),
        *("aboneliği iptal et", "mesaj gönderme", "unsubscribe", "STOP", "İPTAL!", " i̇ptal ", "«Çıkış»"),
        "dur\u2063\u2060",
    ],
)
def test_a_whole_message_that_is_a_stop_word_is_a_stop(written: str) -> None:
    assert fold(written) == is_stop(written)


@pytest.mark.parametrize(
    "written", ["", "D U R", "hayır", "durum ne?", "siparişimi iptal etmek istiyorum", "dur " * 80, "başla", None]
)
def test_anything_else_is_no_stop(written: str | None) -> None:
    assert is_stop(written) is None


@pytest.mark.parametrize(
    ("payload", "keyword"),
    [
        ("OPTOUT", "optout"),
        ("STOP", "stop"),
        ("iptal", "iptal"),
        ("Durdur", "durdur"),
        ("optout", None),
        ("btn-7", None),
        ("", None),
        (None, None),
    ],
)
def test_a_button_stops_by_its_payload(payload: str | None, keyword: str | None) -> None:
    assert keyword == is_stop_button(payload)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("DUR BAHAR", ("dur", "bahar")),
        ("İptal Çiçek24!", ("iptal", "cicek24")),
        ("dur", None),
        ("dur bahar kampanyası", None),
        ("lütfen dur", None),
        ("dur x", None),
        (None, None),
    ],
)
def test_one_word_behind_a_stop_word_may_be_a_code(written: str | None, found: tuple[str, str] | None) -> None:
    assert found == find_stop_code(written)


@pytest.mark.parametrize(
    ("written", "spelled"), [("D U R", True), ("s.t.o.p", True), ("i p t a l", True), ("D U", False), ("dur", False)]
)
def test_a_stop_word_may_be_spelled_out(written: str, spelled: bool) -> None:
    assert spelled == is_spelled_out(written)


@pytest.mark.parametrize(("written", "no", "start"), [("HAYIR!", True, False), ("Vazgeç", True, False)])
@pytest.mark.parametrize("begin", ["BAŞLA", "basla.", "Start"])
def test_no_and_start_are_whole_messages(written: str, no: bool, start: bool, begin: str) -> None:
    assert (no, start) == (is_no(written), is_start(written))
    assert (False, True) == (is_no(begin), is_start(begin))
    assert (False, False) == (is_no(f"{written} dedim"), is_start(f"{begin} lütfen"))


@pytest.mark.parametrize(
    ("written", "suspicious"),
    [
        ("siparişimi İPTAL etmek istiyorum", True),
        ("lütfen abonelikten çık yap", True),
        ("durum ne?", False),
        ("teşekkürler", False),
        (None, False),
    ],
)
def test_a_longer_message_with_a_stop_word_may_mean_stop(written: str | None, suspicious: bool) -> None:
    assert suspicious == may_mean_stop(written)


def test_a_text_beyond_the_limits_is_not_read() -> None:
    padded, hidden = "dur" + "\u200b" * 300, "x" * 5_000 + " dur"

    assert is_stop(padded) is None
    assert may_mean_stop(padded)
    assert not may_mean_stop(hidden)
