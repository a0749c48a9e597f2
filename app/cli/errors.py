"""What an operator is told when a command cannot go on."""


class Stop(Exception):
    """A command cannot go on, for a reason the operator can do something about: one line, no traceback."""
