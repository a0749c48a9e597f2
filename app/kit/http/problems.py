"""Errors as RFC 9457 problem documents. One shape for everything that goes wrong, and never the offending
value.

    {"type": "/errors/not_found", "title": …, "status": 404, "detail": …, "code": "not_found",
     "request_id": "req_…", "retryable": false, "action": …, "errors": [{"in", "pointer", "code", "detail"}]}

`errors` and `action` are left out when there is nothing to say.
"""

import json
import math
from collections.abc import Mapping

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from app.kit.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    TooMany,
    TopluError,
    Unauthorized,
    Unavailable,
    UnsupportedType,
)
from app.kit.http.fields import explain_fields, is_not_json

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
BY_STATUS: dict[int, type[TopluError]] = {
    cls.status: cls
    for cls in (
        *(Malformed, Unauthorized, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, Conflict),
        *(PreconditionFailed, TooLarge, UnsupportedType, Invalid, PreconditionRequired, TooMany, Unavailable),
    )
}


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem document.

    What nobody expected passes through, to `middleware.Edge`, which answers it once and logs it once.
    """
    app.exception_handler(TopluError)(_answer_ours)
    app.exception_handler(RequestValidationError)(_answer_validation)
    app.exception_handler(HTTPException)(_answer_framework)


def respond(error: TopluError, request_id: str | None, headers: Mapping[str, str] | None = None) -> Response:
    """The response of an error: body, Retry-After where known, WWW-Authenticate on 401."""
    response = Response(json.dumps(describe(error, request_id)), error.status, media_type=MEDIA_TYPE)
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if error.status == 413:
        # Otherwise the server keeps the connection and reads on what nobody wants (tried: an endless upload).
        response.headers["connection"] = "close"
    if error.retry_after_s is not None:
        response.headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    response.headers.update({**error.headers, **(headers or {})})
    return response


def describe(error: TopluError, request_id: str | None) -> dict[str, object]:
    """The problem document of an error."""
    body: dict[str, object] = {
        "type": f"/errors/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        "retryable": error.retryable,
    }
    if error.action:
        body["action"] = error.action
    if error.errors:
        body["errors"] = [_describe_field(field) for field in error.errors]
    if error.retry_after_s is not None:
        body["retry_after_s"] = max(1, math.ceil(error.retry_after_s))
    return body | error.members


def translate_validation(request: Request, failure: RequestValidationError) -> TopluError:
    """What a failed validation means: 404 for a path, 400 for broken JSON, 415 for another type, else 422."""
    found = failure.errors()
    if any(error["loc"][:1] == ("path",) for error in found):
        # Text that is no id of this kind names nothing: the same answer as for an id that is not there.
        return NotFound()
    if any(error["type"] == "json_invalid" for error in found):
        return Malformed(errors=[FieldError("", "json_invalid", "The body is not valid JSON.")])
    if is_not_json(request.headers.get("content-type")) and any(
        error["loc"] == ("body",) and error["type"] != "missing" for error in found
    ):
        return UnsupportedType()
    fields, more = explain_fields(found, failure.body)
    return Invalid(errors=fields, more_errors=more) if more else Invalid(errors=fields)


def _describe_field(field: FieldError) -> dict[str, str]:
    return {"in": field.where, "pointer": field.pointer, "code": field.code, "detail": field.detail}


def _allowed_methods(request: Request) -> str:
    # The router tells the methods of the first route of that path only; each of ours has one.
    methods = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path and compile_path(route.path)[0].match(request.scope["path"])
        for method in route.methods or ()
    }
    if "GET" in methods:
        methods.add("HEAD")  # `middleware.Edge` answers it
    return ", ".join(sorted(methods))


def _request_id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)


async def _answer_ours(request: Request, error: TopluError) -> Response:
    if error.status >= 500:
        log.error("http.refused", code=error.code, exc_info=error)
    return respond(error, _request_id(request))


async def _answer_validation(request: Request, error: RequestValidationError) -> Response:
    return respond(translate_validation(request, error), _request_id(request))


async def _answer_framework(request: Request, error: HTTPException) -> Response:
    # The framework's own text is dropped: it may quote the request.
    fallback = Malformed if error.status_code < 500 else TopluError
    ours = BY_STATUS.get(error.status_code, fallback)()
    headers = {"Allow": _allowed_methods(request)} if ours.status == 405 else error.headers
    return respond(ours, _request_id(request), headers)
