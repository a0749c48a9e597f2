"""What a caller can be told about batches and messages."""

from app.kit.errors import Conflict, Invalid, NotFound


class BatchUnknown(NotFound):
    """There is no such batch."""

    code = "batch_not_found"


class MessageUnknown(NotFound):
    """There is no such message."""

    code = "message_not_found"


class UnknownSender(Invalid):
    """There is no such sender."""

    code = "unknown_sender"
    title = "Unknown sender"
    action = "Take the id from GET /v1/senders, or register the sender first."


class SenderPaused(Invalid):
    """This sender is paused; nothing can be accepted for it."""

    code = "sender_paused"
    title = "Sender paused"
    action = "Set its state to active with PATCH /v1/senders/{id}."


class UnknownTemplate(Invalid):
    """There is no template of that name in that language."""

    code = "unknown_template"
    title = "Unknown template"
    action = "Take name and language from GET /v1/templates, or register the template first."


class TemplateNotApproved(Invalid):
    """This template is not approved, so WhatsApp would refuse it."""

    code = "template_not_approved"
    title = "Template not approved"
    action = "Wait for WhatsApp's approval, then set its status with PATCH /v1/templates/{id}."


class TemplateNotBound(Invalid):
    """This template is not bound to this purpose.

    Bind it first: a text that was approved for one reason may not be sent for another (Law 6563, article 7/1).
    """

    code = "template_not_bound"
    title = "Template not bound to this purpose"
    action = "Name the purpose in PATCH /v1/templates/{id}, if the text was approved for that reason."


class TemplateNeedsReview(Invalid):
    """This template is no marketing template, and its text sounds like promotion: a person has to look at it first.

    A service message that promotes anything is a commercial one and needs approval (Law 6563, article 6/1; regulation
    on commercial messages, article 6).
    """

    code = "template_needs_review"
    title = "Template needs review"
    action = "Let somebody decide with POST /v1/templates/{id}/review, or send it as a marketing template."


class VariablesNotAllowed(Invalid):
    """This template asks for a variable that messages for this purpose may not carry.

    Your own list says so: no more data than the purpose needs (Law 6698, article 4/2-ç).
    """

    code = "variables_not_allowed"
    title = "Variables not allowed"
    action = "Use another template, or change the list with PUT /v1/purposes/{key}/variables."


class DeliveryPolicyNotAllowed(Invalid):
    """Marketing is posted at most once: nobody may get the same advertisement twice because an answer was lost."""

    code = "delivery_policy_not_allowed"
    title = "Delivery policy not allowed"
    action = "Leave delivery_policy out, or send for a purpose that is not marketing."


class BatchClosed(Conflict):
    """This batch no longer accepts recipients."""

    code = "batch_closed"
    title = "Batch closed"


class BatchStateConflict(Conflict):
    """The batch is in a state that does not allow this; `allowed_actions` lists what it allows."""

    code = "batch_state_conflict"
    title = "Wrong state"


class UploadInProgress(Conflict):
    """Another stream of recipients is open on this batch. Nothing of this one was counted."""

    code = "upload_in_progress"
    title = "Upload in progress"
    retryable = True


class BatchEmpty(Conflict):
    """This batch has no recipients, so it cannot be started."""

    code = "batch_empty"
    title = "Batch empty"
    action = "Send recipients in the call, or leave out start, stream them into the draft, and start it then."


class RecipientsInvalid(Invalid):
    """Some rows are not recipients of this template, and `on_invalid` is `reject`: nothing was accepted.

    `errors` points at the first of them by row and field. With `on_invalid: skip` they would be counted as refused and
    the others accepted.
    """

    code = "recipients_invalid"
    title = "Recipients invalid"


class TooManyInline(Invalid):
    """A call takes at most 10,000 inline recipients. Make a draft and stream the rest."""

    code = "too_many_recipients"
    title = "Too many inline recipients"


class ExpiryInvalid(Invalid):
    """`expires_at` must lie after the start, `send_at` in the future."""

    code = "time_invalid"
    title = "Times do not fit"
    action = "Give a send_at in the future and an expires_at after it, or leave them out."
