import httpx
import pytest

from app.kit.errors import all_errors

pytestmark = pytest.mark.anyio


async def test_every_code_has_a_page_in_both_forms(http: httpx.AsyncClient) -> None:
    for error in all_errors():
        html = await http.get(f"/errors/{error.code}")
        markdown = await http.get(f"/errors/{error.code}.md")

        assert (200, 200) == (html.status_code, markdown.status_code)
        assert html.headers["content-type"].startswith("text/html")
        assert markdown.headers["content-type"].startswith("text/markdown")
        assert f"# {error.title} (`{error.code}`)\n\n{error.message()}" in markdown.text
        assert f"- **Status**: {error.status}" in markdown.text


async def test_the_form_can_be_asked_for(http: httpx.AsyncClient) -> None:
    answer = await http.get("/errors/thing_closed", headers={"accept": "text/markdown"})

    assert answer.text.startswith("# Thing closed (`thing_closed`)")
    assert "accept" == answer.headers["vary"]


async def test_the_list_leads_to_every_page(http: httpx.AsyncClient) -> None:
    html = (await http.get("/errors")).text
    markdown = (await http.get("/errors.md")).text

    assert [] == [error.code for error in all_errors() if f'href="/errors/{error.code}"' not in html]
    assert [] == [error.code for error in all_errors() if f"(/errors/{error.code}.md)" not in markdown]


async def test_a_code_that_does_not_exist_is_not_found_and_not_repeated(http: httpx.AsyncClient) -> None:
    answer = await http.get("/errors/<script>alert(1)</script>")
    other = await http.get("/errors/scripty")

    assert (404, 404) == (answer.status_code, other.status_code)
    assert "script" not in answer.text + other.text
