"""What can be wrong with an act, or with one row of many.

Invalid                               422
├── ConsentNotApplicable                   consent_not_applicable
├── ApprovalNotApplicable                  approval_not_applicable
├── BasisNotApplicable                     basis_not_applicable
├── UnknownNoticeVersion                   unknown_notice_version
├── NoticeDoesNotCoverPurpose              notice_does_not_cover_purpose
├── NoticeTooNew                           notice_too_new
├── NoticeVersionMissing                   notice_version_missing
├── NoticeNotAccepted                      notice_not_accepted
├── MethodMissing                          method_missing
├── IysAttestationMissing                  iys_attestation_missing
├── TimeOutOfRange                         time_out_of_range
├── NumberInvalid                          invalid_number
├── UnknownScope                           unknown_scope
├── ObjectionIsThePersons                  objection_is_the_persons
├── PersonErased                           person_erased
├── UnknownEvidence                        unknown_evidence
├── UnknownConsentEvent                    unknown_consent_event
├── NotCorrectable                         not_correctable
├── PartyUnproven                          party_unproven
└── RowsInvalid                            rows_invalid
"""

from app.kit.errors import Invalid


class ConsentNotApplicable(Invalid):
    """This purpose does not rest on consent, so none may be asked for or stored.

    Asking for consent where another legal basis applies misleads the person: they could withdraw what does not depend
    on them (Personal Data Protection Board, decision 2026/347). Assert the basis instead; to stop messages, raise a
    suppression or end the basis.
    """

    code = "consent_not_applicable"
    title = "Consent not applicable"
    action = "Use POST /v1/bases for this purpose."


class ApprovalNotApplicable(Invalid):
    """This purpose carries no commercial messages, so there is nothing to approve (Law 6563, article 6)."""

    code = "approval_not_applicable"
    title = "Approval not applicable"
    action = "Record explicit_consent only."


class BasisNotApplicable(Invalid):
    """This purpose rests on consent; another basis cannot stand in for it (Law 6698, article 5/1)."""

    code = "basis_not_applicable"
    title = "Basis not applicable"
    action = "Use POST /v1/consents for this purpose."


class UnknownNoticeVersion(Invalid):
    """There is no published notice version of that id."""

    code = "unknown_notice_version"
    title = "Unknown notice version"
    action = "Use the id of a version from GET /v1/notices."


class NoticeDoesNotCoverPurpose(Invalid):
    """The notice version that the person was shown does not name this purpose.

    Consent holds for what the person was told (Law 6698, articles 3/1-a and 10).
    """

    code = "notice_does_not_cover_purpose"
    title = "Notice does not cover purpose"
    action = "Name the version that the person was shown, or publish one that covers the purpose and ask again."


class NoticeTooNew(Invalid):
    """The person acted before anybody was shown this notice version, so they cannot have known it.

    A text that was in use before it was published here says so once: `shown_since`, when it is published.
    """

    code = "notice_too_new"
    title = "Notice too new"
    action = "Name the version that was shown then; publish it with shown_since if it is missing."


class NoticeVersionMissing(Invalid):
    """A consent needs the notice version that the person was shown."""

    code = "notice_version_missing"
    title = "Notice version missing"
    action = "Send notice_version_id."


class NoticeNotAccepted(Invalid):
    """A notice is acknowledged, never accepted: this method says that it was accepted, approved or consented to.

    Asking people to accept a notice misleads them about what they do (Personal Data Protection Board, decision
    2026/347). Consent is another record, by another act.
    """

    code = "notice_not_accepted"
    title = "Notice not accepted"
    action = "Name what the person did, such as read_and_understood_box; consent is recorded with POST /v1/consents."


class MethodMissing(Invalid):
    """A consent needs the way in which it was given, such as `checkbox` or `signature`."""

    code = "method_missing"
    title = "Method missing"
    action = "Send method."


class IysAttestationMissing(Invalid):
    """A commercial approval needs its İYS transaction.

    Approvals take effect through the message management system (İYS, Law 6563). Until it is asked directly, the
    transaction's id and date are kept as your attestation.
    """

    code = "iys_attestation_missing"
    title = "İYS attestation missing"
    action = "Send iys with transaction_id and date."


class TimeOutOfRange(Invalid):
    """This time cannot be: acts lie between 2015-05-01 and two minutes from now, and end after they began.

    2015-05-01 is the day on which Law 6563 entered into force.
    """

    code = "time_out_of_range"
    title = "Time out of range"
    action = "Send the moment at which it happened."


class NumberInvalid(Invalid):
    """This is neither a phone number nor a business-scoped user id, or it is both."""

    code = "invalid_number"
    title = "Number invalid"
    action = "Send either to (E.164) or user_id."


class UnknownScope(Invalid):
    """A scope is `all`, `marketing`, or the key of a purpose."""

    code = "unknown_scope"
    title = "Unknown scope"
    action = "Use all, marketing, or a key from GET /v1/purposes."


class ObjectionIsThePersons(Invalid):
    """Only the person can raise an objection, and only the person can lift it (Law 6698, article 11)."""

    code = "objection_is_the_persons"
    title = "Objection is the person's"
    action = "Relay the person's own act (by: person), or use a suppression."


class PersonErased(Invalid):
    """This person was erased: nothing new can be kept about them.

    What stops messages to them stays in force. Who comes back by their own act is opened by `POST /v1/people/reopen`.
    """

    code = "person_erased"
    title = "Person erased"
    action = "Leave the row out; if they came back by an act of their own, open them with POST /v1/people/reopen first."


class UnknownEvidence(Invalid):
    """There is no evidence object of that id."""

    code = "unknown_evidence"
    title = "Unknown evidence"
    action = "Register it with POST /v1/evidence and send the id that comes back."


class UnknownConsentEvent(Invalid):
    """There is no consent of that id for this person, purpose and kind."""

    code = "unknown_consent_event"
    title = "Unknown consent event"
    action = "Take the id from GET /v1/people/{id}/consents."


class NotCorrectable(Invalid):
    """Only a line that says that something was given can be corrected.

    What a person refused or took back stands: to open it again they have to give it again.
    """

    code = "not_correctable"
    title = "Not correctable"


class PartyUnproven(Invalid):
    """A merchant or tradesman needs evidence, such as a MERSİS or tax number.

    Without it the person counts as natural, and commercial messages need their prior approval (Law 6563, article 6).
    """

    code = "party_unproven"
    title = "Party unproven"
    action = "Send evidence with mersis, tax_number, chamber_number or document."


class RowsInvalid(Invalid):
    """Some rows cannot be accepted, so none was. `errors` points at the first hundred of them.

    When all of them are wrong in the same way, the answer has that code instead of this one.
    """

    code = "rows_invalid"
    title = "Rows invalid"
    action = "Correct the rows, or send on_invalid: skip to have the others accepted."
