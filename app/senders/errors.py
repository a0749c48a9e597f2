"""What can be wrong with a sender.

Conflict
└── SenderTaken     409  sender_taken
"""

from app.kit.errors import Conflict


class SenderTaken(Conflict):
    """This phone_number_id is already registered on this installation.

    A number is registered once, whoever registered it: its webhooks have to find one owner.
    """

    code = "sender_taken"
    title = "Sender taken"
    action = "List your senders. If it is not among them, ask the operator of this installation."
