"""Everything that may be answered to a caller as an error, as one tree.

    TopluError                500  internal_error
    ├── Malformed             400  malformed_request
    ├── Unauthorized          401  unauthorized
    ├── Forbidden             403  forbidden
    ├── NotFound              404  not_found
    ├── MethodNotAllowed      405  method_not_allowed
    ├── NotAcceptable         406  not_acceptable
    ├── Conflict              409  conflict
    ├── PreconditionFailed    412  precondition_failed
    ├── TooLarge              413  too_large
    ├── UnsupportedType       415  unsupported_type
    │   └── EncodingRefused   415  encoding_refused
    ├── Invalid               422  validation_failed
    ├── PreconditionRequired  428  precondition_required
    ├── TooMany               429  too_many_requests
    └── Unavailable           503  unavailable

Rooms hang their own classes under these, in their own `errors.py`. The first paragraph of a docstring is what
the caller reads as `detail`; further paragraphs appear on the page of that code. `BadValue` stands outside
the tree: it is what a validator raises about one field.
"""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Member = str | int | float | bool | Sequence[str] | None
Where = Literal["body", "query", "path", "header", "cookie"]

# The names RFC 9457 and we give a meaning; an instance's own members may not hide them.
RESERVED = frozenset(
    {"type", "title", "status", "detail", "instance", "code", "errors", "request_id", "retryable", "action"}
)
CODE_SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, without its value.

    `pointer` is an RFC 6901 JSON pointer into the part of the request that `where` names (`/items/3/name` in
    a body, `/limit` in the query); the empty string means the whole of it.
    """

    pointer: str
    code: str
    detail: str
    where: Where = "body"


class BadValue(ValueError):
    """Raised by a validator about one value; its text reaches the caller, so it never quotes that value.

    Only this class may speak: the text of any other ValueError is dropped, because Python's own quote what
    they got.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class TopluError(Exception):
    """Something went wrong on our side.

    The failure is in the log under the `request_id` of the answer. Nothing about it is told here.
    """

    code: ClassVar[str] = "internal_error"  # lower_snake, public, never renamed
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    action: ClassVar[str | None] = "Try again with the same Idempotency-Key. If it stays, report the request_id."
    retryable: ClassVar[bool] = True

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Member,
    ) -> None:
        """`detail` replaces the docstring; like `members` (`current_state`…) it never holds the value."""
        if hidden := RESERVED & members.keys():
            raise TypeError(f"Reserved members: {', '.join(sorted(hidden))}")
        self.detail = detail or self.message()
        super().__init__(self.detail)
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s
        self.headers = dict(headers or {})
        self.members = members

    @classmethod
    def message(cls) -> str:
        """The first paragraph of the docstring, on one line."""
        return _paragraphs(cls)[0]

    @classmethod
    def explanation(cls) -> tuple[str, ...]:
        """The other paragraphs of the docstring, for the page of this code."""
        return _paragraphs(cls)[1:]


class Malformed(TopluError):
    """The request could not be understood."""

    code = "malformed_request"
    status = 400
    title = "Malformed request"
    action = "Correct the request; sending it again unchanged gives the same answer."
    retryable = False


class Unauthorized(TopluError):
    """A valid API key is needed.

    The header is `Authorization: Bearer <key>`. A missing, unknown, expired and revoked key all get this
    answer.
    """

    code = "unauthorized"
    status = 401
    title = "Unauthorized"
    action = "Send an API key that is active and not expired."
    retryable = False


class Forbidden(TopluError):
    """This key may not do that."""

    code = "forbidden"
    status = 403
    title = "Forbidden"
    action = "Use a key with the scope that the operation names."
    retryable = False


class NotFound(TopluError):
    """There is nothing here by that name.

    What belongs to somebody else, and an id that is not written like an id of this kind, get the same answer.
    """

    code = "not_found"
    status = 404
    title = "Not found"
    action = "Check the path and the id."
    retryable = False


class MethodNotAllowed(TopluError):
    """This path does not know that method. The `Allow` header lists those it knows."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"
    action = "Use a method from the Allow header."
    retryable = False


class NotAcceptable(TopluError):
    """None of the media types in `Accept` can be produced here."""

    code = "not_acceptable"
    status = 406
    title = "Not acceptable"
    action = "Ask for a media type that the operation documents."
    retryable = False


class Conflict(TopluError):
    """The current state does not allow this."""

    code = "conflict"
    status = 409
    title = "Conflict"
    action = "Read the current state and decide again."
    retryable = False


class PreconditionFailed(TopluError):
    """It was changed since you read it: the ETag in `If-Match` is no longer current."""

    code = "precondition_failed"
    status = 412
    title = "Precondition failed"
    action = "Read it again and repeat the change with the new ETag."
    retryable = False


class TooLarge(TopluError):
    """The request body is larger than this operation accepts."""

    code = "too_large"
    status = 413
    title = "Content too large"
    action = "Send less at once, or use the operation that takes a stream."
    retryable = False


class UnsupportedType(TopluError):
    """This operation does not read that Content-Type."""

    code = "unsupported_type"
    status = 415
    title = "Unsupported media type"
    action = "Send one of the media types that the operation documents."
    retryable = False


class EncodingRefused(UnsupportedType):
    """This body is taken as it is, without Content-Encoding: a stream is read as it arrives, a webhook is signed."""

    code = "encoding_refused"
    title = "Content-Encoding refused"
    action = "Send the body without Content-Encoding."


class Invalid(TopluError):
    """Some fields are not acceptable; `errors` points at each of them.

    A pointer is an RFC 6901 JSON pointer into what `in` names: the body, the query, a header. Values are
    never quoted.
    """

    code = "validation_failed"
    status = 422
    title = "Validation failed"
    action = "Correct the fields that errors points at."
    retryable = False


class PreconditionRequired(TopluError):
    """This change needs an `If-Match` header with the ETag you read."""

    code = "precondition_required"
    status = 428
    title = "Precondition required"
    action = "Read it, then send its ETag in If-Match."
    retryable = False


class TooMany(TopluError):
    """Too many requests in this window. `Retry-After` says when to come back."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"
    action = "Wait as Retry-After says."
    retryable = True


class Unavailable(TopluError):
    """The service cannot take this right now. Nothing was accepted."""

    code = "unavailable"
    status = 503
    title = "Service unavailable"
    action = "Try again later, with the same Idempotency-Key."
    retryable = True


def all_errors() -> tuple[type[TopluError], ...]:
    """Every class with a code of its own that has been imported, by status and code."""
    own = {cls for cls in _family(TopluError) if "code" in vars(cls)}
    return tuple(sorted(own, key=lambda cls: (cls.status, cls.code)))


def find_error(code: str) -> type[TopluError] | None:
    """The class of a code, or None."""
    return next((cls for cls in all_errors() if cls.code == code), None)


def _family(cls: type[TopluError]) -> Iterator[type[TopluError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _family(child)


def _paragraphs(cls: type[TopluError]) -> tuple[str, ...]:
    # `python -OO` strips docstrings: the title is the next best thing.
    text = inspect.cleandoc(cls.__doc__ or cls.title)
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))
