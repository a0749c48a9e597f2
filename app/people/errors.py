"""What can be wrong with what somebody is known by.

Conflict
├── AliasTaken             409  alias_taken
└── AliasClosed            409  alias_closed
"""

from app.kit.errors import Conflict


class AliasTaken(Conflict):
    """This number or user id is on record as somebody else's.

    If both are one person, link it with `merge: true`: everything that either of them stopped, refused or withdrew then
    holds for the one. If the number has a new holder, close it where it is.
    """

    code = "alias_taken"
    title = "Alias taken"
    action = "Look up whose it is with POST /v1/people/find."


class AliasClosed(Conflict):
    """This number or user id was closed before: it names nobody any more.

    Closing is for good. Whoever has the number now is somebody else, and is met by their own acts.
    """

    code = "alias_closed"
    title = "Alias closed"
    action = "See closed_at and closed_reason with GET /v1/people/{person_id}."
