"""What a caller can be told about a person's requests.

NotFound                              404
└── RequestUnknown                         request_not_found
Conflict                              409
├── RequestClosed                          request_closed
└── PersonAlreadyErased                    person_already_erased
Invalid                               422
└── NobodyToReopen                         nobody_to_reopen
"""

from app.kit.errors import Conflict, Invalid, NotFound


class RequestUnknown(NotFound):
    """There is no such request."""

    code = "request_not_found"


class RequestClosed(Conflict):
    """This request was answered or refused already.

    A person who is not content may ask again, or complain to the Board (Law 6698, article 14).
    """

    code = "request_closed"
    title = "Request closed"


class PersonAlreadyErased(Conflict):
    """This person was erased already."""

    code = "person_already_erased"
    title = "Person already erased"


class NobodyToReopen(Invalid):
    """Nobody of this number was erased before that act.

    Only an act of the person's own that is later than the erasure brings them back.
    """

    code = "nobody_to_reopen"
    title = "Nobody to reopen"
    action = "Send the moment at which the person came back by their own act."
