"""What makes the demo end early, in one line."""


class DemoFailed(Exception):
    """The demo cannot go on, or would not be safe."""
