"""Why a server could not be used, in a clause for an operator. Nothing of an address or a password is in it."""

import socket

# SQLSTATEs that an operator meets (PostgreSQL 18, appendix A).
_BY_STATE = {
    "28000": "this login may not connect",
    "28P01": "wrong login or password",
    "3D000": "there is no such database on that server",
    "22023": "a role is missing: was `toplu migrate` run?",
    "3F000": "the schema is missing: was `toplu migrate` run?",
    "42P01": "tables are missing: was `toplu migrate` run?",
    "53300": "the server has no connection left",
    "57P03": "the server is starting or stopping",
}
NOT_ALLOWED = "42501"


def root_of(error: BaseException) -> BaseException:
    """The driver's own error, under what wraps it."""
    while True:
        inner = getattr(error, "orig", None) or error.__cause__
        if not isinstance(inner, BaseException):
            return error
        error = inner


def state_of(error: BaseException) -> str | None:
    """The SQLSTATE of a database error, None for any other."""
    state = getattr(root_of(error), "sqlstate", None)
    return state if isinstance(state, str) else None


def cause_of(error: BaseException) -> str:
    """What happened, as a clause: known causes in words, all others by the class of the error."""
    root = root_of(error)
    state = state_of(root)
    if state == NOT_ALLOWED:
        # PostgreSQL's first line names roles, tables and rights; what follows could name values.
        return str(root).partition("\n")[0]
    if state in _BY_STATE:
        return _BY_STATE[state]
    if isinstance(root, ConnectionRefusedError) or "Connect call failed" in str(root):
        return "nothing listens there (connection refused)"
    if isinstance(root, socket.gaierror):
        return "the host's name is not known"
    if isinstance(root, TimeoutError):
        return "it does not answer in time"
    return type(root).__name__
