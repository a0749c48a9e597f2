"""Make the shipped list anew: `python -m app.demo.generate`. The same seed makes the same files.

Of 5,000 rows: 4,300 people who agreed, 300 of them a second time in one of three spellings, 120 who agreed to something
else, 100 who took their agreement back, 120 nobody has heard of, and 60 numbers that are none.
"""

import csv
import random
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
RECIPIENTS, CONSENTS = HERE / "recipients.csv", HERE / "consents.csv"
PURPOSE, OTHER_PURPOSE = "campaign_information", "new_product_announcement"
SEED = 596
AGREED, DOUBLED, OTHER, WITHDREW, UNKNOWN, BROKEN = 4300, 300, 120, 100, 120, 60

_FIRST_NAMES = (
    "Ayşe Fatma Zeynep Elif İrem Şule Çiğdem Gülşah Özge Ümmü Nurşen Işıl Ilgın İpek Yağmur Tuğba Buğlem "
    "Dağhan Çağla Göksu Mehmet Mustafa İbrahim İsmail Hüseyin Çağrı Ömer Oğuz Oğuzhan Şükrü Tuğrul Yiğit "
    "Uğur Barış Doğukan Görkem Gökçe Işık Ümit Özgür Şahin Kağan Batuhan Emre Efe Deniz Umut Selin Derya "
    "Nilüfer Gülümser Şebnem Sümeyye Müge Büşra Merve Kübra"
)
_CITIES = (
    "İstanbul Ankara İzmir Bursa Antalya Şanlıurfa Diyarbakır Eskişehir Muğla Çanakkale Çorum Iğdır Ağrı "
    "Kırşehir Niğde Gümüşhane Kütahya Uşak Muş Şırnak Tekirdağ Balıkesir Düzce Kırıkkale Nevşehir Aydın"
)
NO_NUMBERS = (
    "12345",
    "+90596",
    "0596 000",
    "telefon yok",
    "-",
    "05960001",
    "+9059600012345678901",
    "ayse@example.com",
    "",
)


def main() -> None:
    """Write both files."""
    names, cities = _FIRST_NAMES.split(), _CITIES.split()
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    people = [f"+90596000{number:04d}" for number in chance.sample(range(10_000), AGREED + OTHER + WITHDREW + UNKNOWN)]
    agreed, rest = people[:AGREED], people[AGREED:]
    other, withdrew, unknown = rest[:OTHER], rest[OTHER : OTHER + WITHDREW], rest[OTHER + WITHDREW :]
    rows = [*people, *(NO_NUMBERS[place % len(NO_NUMBERS)] for place in range(BROKEN))]
    chance.shuffle(rows)
    rows = _with_doubles(rows, agreed, chance)
    _write(
        RECIPIENTS,
        ("to", "first_name", "city"),
        ((to, chance.choice(names), chance.choice(cities)) for to in rows),
    )
    acts = [(to, PURPOSE, "given") for to in agreed + withdrew]
    acts += [(to, OTHER_PURPOSE, "given") for to in other]
    acts += [(to, PURPOSE, "withdrawn") for to in withdrew]
    _write(CONSENTS, ("to", "purpose", "act"), acts)
    assert not set(unknown) & {to for to, _, _ in acts}


def _with_doubles(rows: list[str], agreed: list[str], chance: random.Random) -> list[str]:
    """Put some people in once more, anywhere after their first row, a third of them in each spelling."""
    spelled = list(rows)
    for place, to in enumerate(chance.sample(agreed, DOUBLED)):
        spelling = (to, f"0{to[3:6]} {to[6:9]} {to[9:11]} {to[11:]}", to[1:])[place % 3]
        spelled.insert(chance.randint(spelled.index(to) + 1, len(spelled)), spelling)
    return spelled


def _write(target: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
