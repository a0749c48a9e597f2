"""The API's reference as one page, written on the server from its OpenAPI document: `install(app)` gives `/docs`.

The usual pages fetch their scripts from somebody else's server, which then knows who reads them, and show nothing
where that server cannot be reached. This one needs nothing but itself: no script, one request, Ctrl-F searches it.
"""

import json
import re
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

Document = dict[str, Any]

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
nav ul{list-style:none;padding:0;columns:20rem}
section{border-top:1px solid var(--line);margin-top:2rem}
article{border:1px solid var(--line);border-radius:.5rem;padding:0 1rem 1rem;margin:1rem 0}
article:target{outline:2px solid}
h3 b{background:var(--soft);border-radius:.3rem;padding:.1rem .4rem;margin-right:.5rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
td p{margin:0}
""".strip()
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
CODE = re.compile(r"`([^`]+)`")
METHODS = ("get", "put", "post", "delete", "patch")
# What a schema says of a value besides its type, in the order in which it is told.
LIMITS = ("format", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default")


def install(app: FastAPI, path: str = "/docs") -> None:
    """Serve the page at `path`; it is written on first use and kept."""
    kept: list[str] = []

    @app.get(path, include_in_schema=False)
    async def show_reference() -> Response:
        if not kept:
            kept.append(write_page(app.openapi(), app.openapi_url or ""))
        return Response(kept[0], media_type="text/html", headers=HEADERS)


def write_page(document: Document, source: str) -> str:
    """The page of a finished OpenAPI document, which itself is found at `source`."""
    info, tags = document["info"], document.get("tags", [])
    schemas = document["components"]["schemas"]
    parts = [
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>",
        _prose(f"{info['summary']}\n\n{info['description']}"),
        f'<p>For machines: <a href="{source}">{source}</a>. Errors: <a href="/errors">/errors</a>.</p>',
        "<nav><ul>" + "".join(_menu_line(*found) for found in _operations(document)) + "</ul></nav>",
    ]
    for tag in tags:
        parts.append(f"<section><h2>{escape(tag['name'])}</h2>{_prose(tag['description'])}")
        parts += [_article(*found) for found in _operations(document) if tag["name"] in found[2]["tags"]]
        parts.append("</section>")
    parts.append("<section><h2>Schemas</h2>" + "".join(_schema(*pair) for pair in schemas.items()) + "</section>")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>"
    )


def _operations(document: Document) -> list[tuple[str, str, Document]]:
    return [
        (method, path, item[method]) for path, item in document["paths"].items() for method in METHODS if method in item
    ]


def _menu_line(method: str, path: str, operation: Document) -> str:
    return f'<li><a href="#{operation["operationId"]}"><code>{method.upper()} {escape(path)}</code></a></li>'


def _article(method: str, path: str, operation: Document) -> str:
    name = operation["operationId"]
    scopes = operation.get("x-scopes")
    key = f"Needs a key with <code>{escape(', '.join(scopes))}</code>." if scopes else "Needs no key."
    tables = _parameters(operation.get("parameters", [])) + _body(operation) + _responses(operation["responses"])
    return (
        f'<article id="{name}"><h3><b>{method.upper()}</b><code>{escape(path)}</code></h3>'
        f"{_prose(operation.get('description', ''))}<p><code>{name}</code>. {key}</p>"
        f"{tables}</article>"
    )


def _parameters(parameters: list[Document]) -> str:
    rows = [
        (f"<code>{escape(one['name'])}</code> in {one['in']}", _type(one["schema"]), _about(one, one.get("required")))
        for one in parameters
    ]
    return _table("Parameters", rows)


def _body(operation: Document) -> str:
    contents = operation.get("requestBody", {}).get("content", {})
    rows = [(f"<code>{kind}</code>", _type(said["schema"]), _about(said["schema"])) for kind, said in contents.items()]
    return _table("Body", rows)


def _responses(responses: Document) -> str:
    rows = []
    for status, response in responses.items():
        contents = response.get("content", {}).values()
        rows.append((status, ", ".join(_type(said.get("schema", {})) for said in contents), _about(response)))
    return _table("Answers", rows)


def _schema(name: str, schema: Document) -> str:
    required = schema.get("required", [])
    rows = [
        (f"<code>{escape(field)}</code>", _type(said), _about(said, field in required))
        for field, said in schema.get("properties", {}).items()
    ]
    prose = _prose(schema.get("description", ""))
    return f'<article id="schema-{name}"><h3>{name}</h3>{prose}{_table("", rows)}</article>'


def _type(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="#schema-{name}">{name}</a>'
    kinds = schema.get("type", [])
    kind = kinds if isinstance(kinds, str) else " or ".join(kinds)
    if "enum" in schema:
        return " ".join(f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>" for value in schema["enum"])
    if "items" in schema:
        return f"{kind} of {_type(schema['items'])}"
    inner = schema.get("additionalProperties")
    return f"{kind} of {_type(inner)}" if isinstance(inner, dict) else kind


def _about(said: Document, required: bool | None = False) -> str:
    schema = said.get("schema", said)
    limits = [f"{name} <code>{escape(str(schema[name]))}</code>" for name in LIMITS if name in schema]
    lines = ["Required." if required else "", ", ".join(limits)]
    return "".join(f"<p>{line}</p>" for line in lines if line) + _prose(said.get("description", ""))


def _table(title: str, rows: list[tuple[str, str, str]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = f"<h4>{title}</h4>" if title else ""
    return f"{head}<table>{lines}</table>" if rows else ""


def _prose(text: str) -> str:
    """Paragraphs, with `code` where the text says so. Everything else is escaped."""
    paragraphs = [CODE.sub(r"<code>\1</code>", escape(part)) for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{part}</p>" for part in paragraphs)
