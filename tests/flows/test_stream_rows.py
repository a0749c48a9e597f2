"""Rows as spreadsheets and programs write them: what is read, and where a bad one is pointed at and in which words."""

import pytest

from app.dispatch.upload import WORDS
from tests.flows.streams import CSV, GOOD, NDJSON, nothing_counted, of, stream
from tests.house import House, phone

pytestmark = pytest.mark.anyio


PLAIN = f"to,first_name\n{phone(1)},Ayşe\n{phone(2)},İsmail\n"


NAME = "/variables/first_name"
# What is wrong: the line, the refusal, where in the row, which of WORDS.
BAD_LINES: dict[str, tuple[bytes, str, str, str]] = {
    "1 MB line": (b'{"to":"' + b"5" * 1_000_000 + b'"}', "invalid_row", "", "line_too_long"),
    "NUL": (b'{"to":"+90532\\u00000000001","variables":{"first_name":"Can"}}', "invalid_row", "/to", "unreadable"),
    "raw NUL": (b"\x00\x00", "invalid_row", "", "unreadable"),
    "no JSON": (b"to=1", "invalid_row", "", "unreadable"),
    "wrong type": (b'{"to":905320000001}', "invalid_row", "/to", "unreadable"),
    "wrong variable type": (of(7), "invalid_row", "/variables", "unreadable"),
    "unknown field": (of("Can", phone="x"), "invalid_row", "", "unreadable"),
    "a list": (b"[1,2]", "invalid_row", "", "unreadable"),
    "deep": (b"[" * 20_000, "invalid_row", "", "unreadable"),
    "long reference": (of("Can", reference="x" * 256), "invalid_row", "/reference", "unreadable"),
    "basis": (of("Can", basis_ref="A-17"), "invalid_row", "/basis_ref", "basis_not_applicable"),
    "no number": (of("Can", to="hello"), "invalid_number", "/to", "invalid_number"),
    "too short": (of("Can", to="+9053"), "invalid_number", "/to", "invalid_number"),
    "no address": (b'{"variables":{"first_name":"Can"}}', "invalid_number", "/to", "invalid_number"),
    "no user id": (b'{"user_id":"?","variables":{"first_name":"Can"}}', "invalid_number", "/user_id", "invalid_number"),
    "missing variable": (b'{"to":"%s"}' % phone(2).encode(), "variables_mismatch", NAME, "variable_missing"),
    "extra variable": (of("x", variables={"y": "z"}), "variables_mismatch", "/variables", "variable_unknown"),
    "empty value": (of(""), "variables_mismatch", NAME, "variable_empty"),
    "blank value": (of("  "), "variables_mismatch", NAME, "variable_empty"),
    "line break": (of("a\nb"), "variables_mismatch", NAME, "variable_line_break_or_tab"),
    "spaces": (of("a     b"), "variables_mismatch", NAME, "variable_spaces"),
    "control": (of("a\x07b"), "variables_mismatch", NAME, "variable_control_character"),
    "long value": (of("a" * 40_000), "variables_mismatch", NAME, "variable_too_long"),
}
BAD_CELLS: dict[str, tuple[str, str, str, str]] = {
    "more cells": (f"{phone(3)},Ayşe,Nur", "invalid_row", "", "more_cells_than_columns"),
    "far cell": (f"{phone(3)},Ayşe,,,x", "invalid_row", "", "more_cells_than_columns"),
    "open quote": (f'{phone(3)},"Ayşe', "invalid_row", "", "unreadable"),
    "NUL": (f"{phone(3)},A\0", "invalid_row", "", "unreadable"),
    "1 MB line": ("5" * 1_000_000, "invalid_row", "", "line_too_long"),
    "no number": ("hello,Ayşe", "invalid_number", "/to", "invalid_number"),
    "no cell": (phone(3), "variables_mismatch", "/first_name", "variable_missing"),
    "empty cell": (f"{phone(3)},", "variables_mismatch", "/first_name", "variable_empty"),
}


@pytest.mark.parametrize(
    "body",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.encode("cp1254"),
        b"\xef\xbb\xbf" + PLAIN.replace(",", ";").replace("\n", "\r\n").encode(),
        PLAIN.strip().encode(),
        PLAIN.replace("Ayşe", '"Ayşe\nNur"'.replace("\n", " ")).encode(),
        f"to,first_name\n{phone(1)},Ayşe,,\n{phone(2)},İsmail, ,\n".encode(),
        b"\xef\xbb\xbf\r\n\r\n" + PLAIN.encode(),
        f"first_name,city,to\nAyşe,İzmir,{phone(1)}\n\nCan,Muş,{phone(2)}\n".encode(),
        f"to,first_name\n0{phone(1)[3:]},Ayşe\n90 {phone(2)[3:]},Can\n".encode(),
    ],
    ids=[
        *("plain", "bom", ";", "tab", "crlf", "cp1254", "excel", "no end", "quoted"),
        *("empty cells at the end", "blank lines first", "extra column", "spellings"),
    ],
)
async def test_csv_as_spreadsheets_write_it_is_read(shop: House, draft: str, body: bytes) -> None:
    answer = await stream(shop, draft, body, CSV)

    assert 202 == answer.status_code, answer.text
    assert {"queued": 2} == answer.json()["counts"]


async def test_turkish_letters_arrive_as_they_were(house: House) -> None:
    await house.consent(phone(1))
    batch = (await house.send(start=False, recipients=[]))["id"]
    await stream(house, batch, f"to;first_name\r\n{phone(1)};Şükrü İğdır\r\n".encode("cp1254"), CSV)

    await house.client.post(f"/v1/batches/{batch}/start")
    await house.until_settled(batch)

    assert house.sandbox is not None
    request = next(iter(house.sandbox.messages()))["request"]
    assert "Şükrü İğdır" == request["template"]["components"][0]["parameters"][0]["text"]


def error(row: int, pointer: str, reason: str, kind: str) -> dict[str, str]:
    """An entry of `errors`: the place by name, what is wrong in words, never the value."""
    return {"in": "body", "pointer": pointer, "code": reason, "detail": f"Row {row}: {WORDS[kind]}"}


def test_every_word_for_a_bad_row_is_asked_for_here() -> None:
    asked = {kind for *_, kind in [*BAD_LINES.values(), *BAD_CELLS.values()]}

    assert set() == WORDS.keys() - asked


@pytest.mark.parametrize(("line", "reason", "place", "kind"), BAD_LINES.values(), ids=BAD_LINES)
async def test_with_skip_a_bad_row_is_refused_and_the_others_are_untouched(
    shop: House, draft: str, line: bytes, reason: str, place: str, kind: str
) -> None:
    answer = await stream(shop, draft, b"\n".join([GOOD, line]), NDJSON)

    assert 202 == answer.status_code, answer.text
    body = answer.json()
    assert {"queued": 1, "refused": 1} == body["counts"]
    told = {"row": 2, "reason": reason, "field": place[1:] or None, "kind": None if kind == reason else kind}
    assert [told] == body["first_refusals"]


@pytest.mark.parametrize(("line", "reason", "place", "kind"), BAD_LINES.values(), ids=BAD_LINES)
async def test_with_reject_a_bad_row_refuses_the_whole_and_is_pointed_at(
    shop: House, strict_draft: str, line: bytes, reason: str, place: str, kind: str
) -> None:
    answer = await stream(shop, strict_draft, b"\n".join([GOOD, line]), NDJSON)

    assert (422, "recipients_invalid") == (answer.status_code, answer.json()["code"])
    assert [error(2, f"/2{place}", reason, kind)] == answer.json()["errors"]
    assert "hello" not in answer.text and "5320000" not in answer.text
    await nothing_counted(shop, strict_draft)


@pytest.mark.parametrize(("row", "reason", "place", "kind"), BAD_CELLS.values(), ids=BAD_CELLS)
async def test_a_bad_row_of_a_csv_costs_itself_only_and_is_pointed_at_by_column(
    shop: House, draft: str, strict_draft: str, row: str, reason: str, place: str, kind: str
) -> None:
    csv = f"to,first_name\n{phone(1)},Can\n{row}\n{phone(2)},İsmail\n".encode()

    skipped = (await stream(shop, draft, csv, CSV)).json()
    rejected = await stream(shop, strict_draft, csv, CSV)

    assert {"queued": 2, "refused": 1} == skipped["counts"]
    assert [(3, reason)] == [(one["row"], one["reason"]) for one in skipped["first_refusals"]]
    assert [error(3, f"/3{place}", reason, kind)] == rejected.json()["errors"]
    await nothing_counted(shop, strict_draft)


async def test_rows_are_counted_as_the_spreadsheet_shows_them(shop: House, draft: str) -> None:
    csv = f"\r\n \r\nto,first_name\r\n{phone(1)},Can\r\n\r\nhello,Can\r\n".encode()

    answer = await stream(shop, draft, csv, CSV)

    assert [(6, "invalid_number")] == [(row["row"], row["reason"]) for row in answer.json()["first_refusals"]]


async def test_inline_rows_are_pointed_at_by_index(shop: House) -> None:
    await shop.consent(phone(1))
    before = (await shop.get("/v1/batches"))["data"]
    recipients = [
        {"to": phone(1), "variables": {"first_name": ""}},
        {"to": phone(1), "variables": {"first_name": "Can"}},
        {"to": 5},
    ]

    answer = await shop.client.post("/v1/batches", json=shop.batch_of(recipients=recipients))

    assert 422 == answer.status_code
    assert [
        error(1, "/recipients/0/variables/first_name", "variables_mismatch", "variable_empty"),
        error(3, "/recipients/2/to", "invalid_row", "unreadable"),
    ] == answer.json()["errors"]
    assert before == (await shop.get("/v1/batches"))["data"]
