"""What can be wrong with a notice.

Conflict
└── NoticeTaken          409  notice_taken
Invalid
├── ChangeIsMaterial     422  change_is_material
└── NoticeIncomplete     422  notice_incomplete
"""

from app.kit.errors import Conflict, Invalid


class NoticeTaken(Conflict):
    """A notice of this name exists already."""

    code = "notice_taken"
    title = "Notice taken"
    action = "Publish a new version of the one that is there."


class ChangeIsMaterial(Invalid):
    """This version tells of purposes, recipients, a controller or a legal basis that people were not told of before.

    That is a material change, whatever it is called: what rests on the earlier versions may have to be asked for again
    (Law 6698, articles 3 and 10).
    """

    code = "change_is_material"
    title = "Change is material"
    action = "Publish it with change_kind material, or keep what errors points at."


class NoticeIncomplete(Invalid):
    """This notice lacks what the law asks for, or holds what does not belong in a notice; `errors` points at each.

    Article 10 of Law 6698 asks for five things: who the controller is, for which purposes, to whom and why data are
    transferred, how and on which legal basis they are collected, and the rights of article 11. A notice is read and
    understood; consent, approval and contracts are other texts (Personal Data Protection Board, decision 2026/347).
    """

    code = "notice_incomplete"
    title = "Notice incomplete"
    action = "Correct what errors points at; POST /v1/notices/lint tells it all without publishing."
