"""What stays of a person after erasing, and why: said to whoever erases, so that they can say it to the person."""

from app.subjects.schemas import KeptPart

_LEDGER = ["6563 m.11/3", "6698 m.7/2", "Ticari İletişim Yönetmeliği m.13"]

KEPT = (
    KeptPart(
        what="records of consents, refusals and bases, without name or number",
        why="Whoever sends has to prove what they were allowed to. Their evidence cannot be opened any more.",
        law_references=_LEDGER,
    ),
    KeptPart(
        what="records of messages and of the decisions about them, without content",
        why="The same proof, from the other side.",
        law_references=_LEDGER,
    ),
    KeptPart(
        what="a keyed hash of each number and user id",
        why="So that a stop holds, and the erasure itself, when somebody imports the number again.",
        law_references=["6563 m.8", "6698 m.5/2-ç", "6698 m.7/2"],
    ),
    KeptPart(
        what="that the person wrote, was asked and was answered in the chat, and when; their words cannot be opened",
        why="It proves the consents and refusals that came of it.",
        law_references=_LEDGER,
    ),
    KeptPart(
        what="stops and objections",
        why="They are the person's own wish, and outlive the consent they ended.",
        law_references=["6563 m.8/2", "6698 m.11/1-g"],
    ),
    KeptPart(
        what="the log of this destruction, and that the person asked for it",
        why="Destruction has to be proved for at least three years.",
        law_references=[
            "Kişisel Verilerin Silinmesi, Yok Edilmesi veya Anonim Hale Getirilmesi Hakkında Yönetmelik m.7/3"
        ],
    ),
)
STILL_TO_DO = (
    "Raw webhooks that name the person are destroyed by the worker within minutes, and again daily for 8 days.",
    "Remembered answers to repeated requests are sealed and forgotten after 72 hours.",
    "Backups made before now still hold the sealed values and the key to them. Let them run out, note the day, and "
    "erase again after restoring one.",
    "Tell those you gave the data to that the person was erased (Law 6698, article 11/1-f).",
    "Answer the person within 30 days of their request (Law 6698, article 13/2).",
)
