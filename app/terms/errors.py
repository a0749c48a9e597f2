"""What can be wrong with terms.

Forbidden
└── TermsAcceptanceRequired    403  terms_acceptance_required
Conflict
├── TermsDiffer                409  terms_differ
└── TermsSuperseded            409  terms_superseded

`NotPublishable` is for the operator's command and never crosses the edge.
"""

from app.kit.errors import Conflict, Forbidden


class TermsAcceptanceRequired(Forbidden):
    """The terms in force have not been accepted for this tenant, and the time to do so is over: nothing is sent.

    `documents` names them. Everything else goes on: withdrawals, consents, reading, pausing and cancelling never wait
    for terms.
    """

    code = "terms_acceptance_required"
    title = "Terms acceptance required"
    action = "Read GET /v1/terms, and accept with POST /v1/terms/acceptances."


class TermsDiffer(Conflict):
    """What was to be accepted is not the text in force: `bundle_sha256` is another one.

    It covers the document and everything it incorporates; one of them was replaced since you read them, or not all were
    read.
    """

    code = "terms_differ"
    title = "Terms differ"
    action = "Read the version again, show it to whoever accepts, and send its bundle_sha256."


class TermsSuperseded(Conflict):
    """This version is no longer in force."""

    code = "terms_superseded"
    title = "Terms superseded"
    action = "Accept the version in force, or one that comes after it."


class NotPublishable(Exception):
    """A version that cannot be published; the text says why, for the operator."""
