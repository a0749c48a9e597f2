"""Pages for people: one per error code, and the reference, which must need nothing from elsewhere."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.kit.errors import all_errors
from app.kit.http.reference import write_page
from app.main import create_app
from app.settings import Settings
from tests.edge.operations import Operation

pytestmark = pytest.mark.anyio


def client_of(served: FastAPI) -> httpx.AsyncClient:
    """HTTP without a socket: these pages need nothing that is open."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://toplu")


async def test_every_code_leads_to_its_page_in_both_forms(unserved: FastAPI) -> None:
    errors = all_errors()

    async with client_of(unserved) as http:
        index = (await http.get("/errors")).text
        for error in errors:
            html, markdown = await http.get(f"/errors/{error.code}"), await http.get(f"/errors/{error.code}.md")
            assert (200, 200) == (html.status_code, markdown.status_code), error.code
            assert error.code in html.text
            assert markdown.text.startswith(f"# {error.title} (`{error.code}`)")
            assert f'href="/errors/{error.code}"' in index

    assert len(errors) > 60


async def test_the_reference_names_every_operation_with_its_scope_and_every_schema(
    unserved: FastAPI, document: Any, operations: list[Operation]
) -> None:
    async with client_of(unserved) as http:
        answer = await http.get("/docs")

    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    for one in operations:
        article = answer.text.partition(f'<article id="{one.id}">')[2].partition("</article>")[0]
        assert f"<code>{one.path}</code>" in article, one.id
        assert all(scope in article for scope in one.scopes), one.id
    assert [] == [name for name in document["components"]["schemas"] if f'id="schema-{name}"' not in answer.text]


async def test_the_reference_fetches_nothing_and_runs_nothing(unserved: FastAPI) -> None:
    async with client_of(unserved) as http:
        answer = await http.get("/docs")

    assert "default-src 'none'; style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert [] == re.findall(r"<(?:script|img|link|iframe)\b|\bsrc=|@import|url\(", answer.text)
    links = set(re.findall(r'href="([^"]*)"', answer.text))
    assert {"/openapi.json", "/errors"} == {link for link in links if not link.startswith("#")}
    assert [] == [link for link in links if link.startswith("#") and f'id="{link[1:]}"' not in answer.text]


def test_the_reference_escapes_what_the_document_says(document: Any) -> None:
    said = document | {"info": document["info"] | {"title": "<script>", "description": "a `<b>` & c"}}

    page = write_page(said, "/openapi.json")

    assert "<title>&lt;script&gt;</title>" in page
    assert "<p>a <code>&lt;b&gt;</code> &amp; c</p>" in page


async def test_the_reference_can_be_turned_off() -> None:
    nowhere = Settings(
        database_url=SecretStr("postgresql://nowhere/toplu"), redis_url=SecretStr("redis://nowhere"), docs=False
    )

    async with client_of(create_app(nowhere)) as http:
        assert 404 == (await http.get("/docs")).status_code
        assert 404 == (await http.get("/redoc")).status_code


async def test_the_served_document_is_the_one_that_is_tested(unserved: FastAPI, document: Any) -> None:
    async with client_of(unserved) as http:
        assert document == (await http.get("/openapi.json")).json()
