"""What a caller can be told about keeping and destroying.

NotFound                              404
├── HoldUnknown                            hold_not_found
├── DestructionRunUnknown                  destruction_run_not_found
└── DestructionTaskUnknown                 destruction_task_not_found
Conflict                              409
├── HoldLifted                             hold_lifted
├── DestructionTaskSigned                  destruction_task_signed
└── PersonOnHold                           person_on_hold
Invalid                               422
├── UnknownDataClass                       unknown_data_class
├── RetentionOutOfBounds                   retention_out_of_bounds
└── EvidenceOutlived                       evidence_outlived
"""

from app.kit.errors import Conflict, Invalid, NotFound


class HoldUnknown(NotFound):
    """There is no such hold."""

    code = "hold_not_found"


class DestructionRunUnknown(NotFound):
    """There is no such run."""

    code = "destruction_run_not_found"


class DestructionTaskUnknown(NotFound):
    """There is no such task."""

    code = "destruction_task_not_found"


class HoldLifted(Conflict):
    """This hold was lifted already."""

    code = "hold_lifted"
    title = "Hold lifted"


class DestructionTaskSigned(Conflict):
    """This task was signed already: what is destroyed cannot be destroyed again."""

    code = "destruction_task_signed"
    title = "Task signed"


class PersonOnHold(Conflict):
    """This person's records are held for a lawsuit, an authority or an audit, so they cannot be erased now.

    Messages can be stopped at once by a suppression. Answer the person with the reason (Law 6698, article 13).
    """

    code = "person_on_hold"
    title = "Person on hold"
    action = "Lift the hold with POST /v1/holds/{id}/lift when its reason is over."


class UnknownDataClass(Invalid):
    """There is no such class of data, or nothing can be chosen for it."""

    code = "unknown_data_class"
    title = "Unknown data class"
    action = "Take the class from GET /v1/retention-rules."


class RetentionOutOfBounds(Invalid):
    """The law, or proving that it was kept, does not let this be kept for so short or so long a time."""

    code = "retention_out_of_bounds"
    title = "Retention out of bounds"
    action = "Choose between least_days and most_days of GET /v1/retention-rules."


class EvidenceOutlived(Invalid):
    """Consents would be destroyed before the records of the messages that rest on them.

    A message must be able to name what allowed it for as long as it is on record itself.
    """

    code = "evidence_outlived"
    title = "Evidence outlived"
    action = "Keep consent_records at least as long as message_records, for every purpose."
