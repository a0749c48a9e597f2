"""What can be wrong with a notice.

Conflict
└── NoticeTaken          409  notice_taken
Invalid
└── ChangeIsMaterial     422  change_is_material
"""

from app.kit.errors import Conflict, Invalid


class NoticeTaken(Conflict):
    """A notice of this name exists already."""

    code = "notice_taken"
    title = "Notice taken"
    action = "Publish a new version of the one that is there."


class ChangeIsMaterial(Invalid):
    """A version that covers other purposes than the one before is a material change.

    People were told of other purposes, so what rests on the earlier versions has to be asked for again
    (Law 6698, articles 3 and 10).
    """

    code = "change_is_material"
    title = "Change is material"
    action = "Publish it with change_kind material, or keep the purposes."
