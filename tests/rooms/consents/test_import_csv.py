"""Imports of consents as a spreadsheet writes them."""

import pytest

from tests.rooms.consents.build import EARLIER, MARKETING, Shop, code, phone
from tests.rooms.consents.streamed import CSV, became, events

pytestmark = pytest.mark.anyio


async def test_csv_as_a_turkish_spreadsheet_writes_it_is_read(shop: Shop) -> None:
    first, second = phone(), phone()
    shared = f"{MARKETING};given;%s;web_form;{EARLIER.isoformat()};checkbox;%s;%s"
    kinds = [
        ("explicit_consent", shop.notice_version, ";;membership;Üsküdar şubesi;false;"),
        ("commercial_approval", "", "iys-1;2026-01-05;membership;;;"),
    ]
    header = (
        "To;Purpose;Act;Kind;Channel;Occurred_At;Method;Notice_Version_Id;IYS_Transaction_Id;IYS_Date;"
        "Collection_Context;Evidence.Branch;Is_Precondition;Bundled_With;Şehir"
    )
    lines = [header]
    for to in (first, f"0{second[3:]}"):
        lines += [f"{to};{shared % (kind, notice, rest)};Iğdır" for kind, notice, rest in kinds]
    lines.append(f"{phone()};{shared % ('explicit_consent', shop.notice_version, ';;;;false;membership|terms')};")
    body = b"\xef\xbb\xbf" + "\r\n".join(lines[:3]).encode() + b"\r\n" + "\r\n".join(lines[3:]).encode("cp1254")

    answer = await shop.http.post("/v1/consent-imports", content=body, headers=CSV)

    assert [
        (2, "opened", None, None),
        (3, "opened", None, None),
        (4, "opened", None, None),
        (5, "opened", None, None),
        (6, "recorded", "bundled", None),
    ] == await became(shop, answer)
    assert ["column 15"] == answer.json()["ignored_columns"]
    assert [None, None] == [await shop.verdict(first), await shop.verdict(second)]
    assert ["membership"] * 4 == [row["collection_context"] for row in (await events(shop)) if row["act"] == "given"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"to,purpose\n+905320000001,x", "csv_columns_missing"),
        (b"to,to\n1,2", "stream_unreadable"),
        (b"", "stream_empty"),
        (b"\n\n", "stream_empty"),
    ],
)
async def test_a_csv_that_is_no_list_of_consents_is_refused(shop: Shop, body: bytes, expected: str) -> None:
    answer = await shop.http.post("/v1/consent-imports", content=body, headers=CSV)

    listed = (await shop.http.get("/v1/consent-imports")).json()["data"]
    assert (422, expected) == code(answer)
    assert [("aborted", 0)] == [(one["state"], one["rows"]) for one in listed]
