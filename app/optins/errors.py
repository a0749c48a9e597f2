"""What can be wrong with an opt-in.

Invalid                          422
├── OptInSenderUnknown                opt_in_sender_unknown
├── QuestionTooLong                   question_too_long
├── StopWordInWords                   stop_word_in_words
└── NextOptInInvalid                  next_opt_in_invalid
Conflict                         409
├── StartTaken                        opt_in_start_taken
└── NotAwaitingIys                    challenge_not_awaiting_iys
"""

from app.kit.errors import Conflict, Invalid


class OptInSenderUnknown(Invalid):
    """There is no such sender of yours."""

    code = "opt_in_sender_unknown"
    title = "Unknown sender"
    action = "Use the id of a sender from GET /v1/senders."


class QuestionTooLong(Invalid):
    """With what the law wants said, the question is longer than WhatsApp shows above buttons (1,024 characters)."""

    code = "question_too_long"
    title = "Question too long"
    action = "Shorten `text` or `notice_url`."


class StopWordInWords(Invalid):
    """The words that the person would send hold a STOP word, or several lines.

    A message with a STOP word in it is never taken for an opt-in.
    """

    code = "stop_word_in_words"
    title = "STOP word in words"
    action = "Choose other words for the link."


class NextOptInInvalid(Invalid):
    """What is asked next must be another opt-in of the same sender, in force, about another act."""

    code = "next_opt_in_invalid"
    title = "Next opt-in invalid"
    action = "Create the second opt-in first, then name it in `next` of the first."


class StartTaken(Conflict):
    """Another opt-in of this sender already answers START."""

    code = "opt_in_start_taken"
    title = "START is taken"
    action = "End the other one first, or leave `answers_start` out."


class NotAwaitingIys(Conflict):
    """This challenge does not wait for an İYS transaction.

    Only an approval that was given by a tap, and not taken back since, can be attested, once.
    """

    code = "challenge_not_awaiting_iys"
    title = "Not awaiting İYS"
    action = "Read the challenge's state."
