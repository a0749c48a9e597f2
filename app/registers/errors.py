"""What can be wrong with an entry of a register.

Conflict
├── EntryEnded              409  register_entry_ended
├── EntryBuiltIn            409  register_entry_built_in
└── IncidentUnreported      409  incident_unreported
Invalid
├── DisclosureRefused       422  disclosure_refused
└── TransferUndocumented    422  transfer_undocumented
"""

from app.kit.errors import Conflict, Invalid


class EntryEnded(Conflict):
    """This entry has ended. It is kept as it was and cannot be changed."""

    code = "register_entry_ended"
    title = "Entry ended"
    action = "Enter a new one."


class EntryBuiltIn(Conflict):
    """This entry describes what the product does as long as it runs, so it cannot end.

    Messages go to WhatsApp, and the secrets and measures of the product are there. Change the entry instead; a
    measure that you have replaced by another is `not_applicable`.
    """

    code = "register_entry_built_in"
    title = "Entry built in"
    action = "Change it with PATCH."


class IncidentUnreported(Conflict):
    """The clock of this incident runs: it cannot end before the Board was told.

    Law 6698, article 12/5, and the Board's decision 2019/10 of 24.01.2019: within 72 hours. An incident that turned
    out to touch no personal data has no clock: set `personal_data` to false first.
    """

    code = "incident_unreported"
    title = "Incident unreported"
    action = "Set notified_board_at, or personal_data to false, then end it."


class DisclosureRefused(Invalid):
    """Personal data are not given to press and media, and not for advertising, whatever the legal reference.

    Nothing was entered, because there is nothing to enter: do not disclose. Giving data to a third party needs a law
    that allows it (Law 6698, article 8); for these two categories the house's own policy closes that door as well.
    """

    code = "disclosure_refused"
    title = "Disclosure refused"
    action = "Do not disclose. If the recipient is something else, name its real category."


class TransferUndocumented(Invalid):
    """The transfer to WhatsApp has no documented safeguard, and TOPLU_TRANSFER_POLICY is `block`: nothing is sent.

    Every message leaves the country (Law 6698, article 9). The entry `whatsapp` in the register of transfers has to
    name a safeguard with its document: a standard contract that was signed, and notified to the Authority within five
    business days; an adequacy decision; binding corporate rules; or an undertaking that the Board permitted. The
    exceptions for occasional transfers (article 9/6) cannot carry bulk messages.
    """

    code = "transfer_undocumented"
    title = "Transfer undocumented"
    action = "Document it with PATCH /v1/registers/transfers/{id}; GET /v1/duties says what is missing."
