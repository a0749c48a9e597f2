"""What can be wrong with a stream of rows as a whole."""

from app.kit.errors import Invalid, Malformed


class StreamUnreadable(Invalid):
    """The stream cannot be read."""

    code = "stream_unreadable"
    title = "Stream unreadable"


class StreamEmpty(Invalid):
    """The stream holds no row."""

    code = "stream_empty"
    title = "Stream empty"
    action = "Send at least one row after the header."


class ColumnsMissing(Invalid):
    """The header of the CSV lacks a column that is needed; `errors` names it."""

    code = "csv_columns_missing"
    title = "Columns missing"


class DigestMismatch(Malformed):
    """The body is not the one that `Content-Digest` describes."""

    code = "digest_mismatch"
    title = "Digest mismatch"
