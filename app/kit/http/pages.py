"""A page for every error code, written from the class itself, so the two cannot differ.

`/errors` lists them, `/errors/{code}` is where a problem's `type` leads: HTML for a browser, Markdown for
`/errors/{code}.md` or `Accept: text/markdown`.
"""

from collections.abc import Sequence
from html import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.kit.errors import NotFound, TopluError, all_errors, find_error

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}"
    "code{font-family:ui-monospace,monospace}td,th{text-align:left;padding:.2rem 1rem .2rem 0}"
)
HTML_HEADERS = {
    # The pages are the same for everybody, and need nothing but their own style.
    "cache-control": "public, max-age=3600",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "vary": "accept",
}

router = APIRouter(include_in_schema=False)


@router.get("/errors")
@router.get("/errors.md")
async def list_errors(request: Request) -> Response:
    """All codes with their status and meaning."""
    errors = all_errors()
    if _wants_markdown(request):
        return _markdown(_index_markdown(errors))
    return _html("Errors", _index_html(errors))


@router.get("/errors/{code}")
async def show_error(request: Request, code: str) -> Response:
    """One code: what it means and what to do. Raises NotFound for a code that does not exist."""
    error = find_error(code.removesuffix(".md"))
    if error is None:
        raise NotFound
    if _wants_markdown(request):
        return _markdown(_page_markdown(error))
    return _html(error.title, _page_html(error))


def _wants_markdown(request: Request) -> bool:
    return request.url.path.endswith(".md") or "text/markdown" in request.headers.get("accept", "")


def _facts(error: type[TopluError]) -> list[tuple[str, str]]:
    retry = "Yes, later and unchanged." if error.retryable else "No; sent again unchanged it is answered the same."
    return [
        ("Status", str(error.status)),
        ("What to do", error.action or "See above."),
        ("Worth a retry", retry),
    ]


def _page_markdown(error: type[TopluError]) -> str:
    facts = "\n".join(f"- **{name}**: {text}" for name, text in _facts(error))
    prose = "\n\n".join([error.message(), *error.explanation()])
    return f"# {error.title} (`{error.code}`)\n\n{prose}\n\n{facts}\n"


def _page_html(error: type[TopluError]) -> str:
    prose = "".join(f"<p>{escape(text)}</p>" for text in [error.message(), *error.explanation()])
    rows = "".join(f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in _facts(error))
    return (
        f"<h1>{escape(error.title)}</h1><p><code>{error.code}</code></p>{prose}<table>{rows}</table>"
        f'<p><a href="/errors">All errors</a></p>'
    )


def _index_markdown(errors: Sequence[type[TopluError]]) -> str:
    rows = "\n".join(
        f"| {error.status} | [`{error.code}`](/errors/{error.code}.md) | {error.message()} |" for error in errors
    )
    return f"# Errors\n\n| status | code | meaning |\n|---|---|---|\n{rows}\n"


def _index_html(errors: Sequence[type[TopluError]]) -> str:
    rows = "".join(
        f'<tr><td>{error.status}</td><td><a href="/errors/{error.code}"><code>{error.code}</code></a></td>'
        f"<td>{escape(error.message())}</td></tr>"
        for error in errors
    )
    return f"<h1>Errors</h1><table><tr><th>Status</th><th>Code</th><th>Meaning</th></tr>{rows}</table>"


def _html(title: str, body: str) -> Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>"
    )
    return Response(text, media_type="text/html", headers=HTML_HEADERS)


def _markdown(text: str) -> Response:
    return Response(text, media_type="text/markdown", headers=HTML_HEADERS)
