"""Door · operator: the command `toplu`.

It starts the parts (`api`, `worker`, `sandbox`), all of them at once (`up`), prepares what they need (`migrate`,
`init`, `tenants create`, `keys create`), and says what is wrong (`doctor`). Whatever it changes, it changes through
the rooms' own verbs.
Owns the data directory of `toplu up`. Shows: `main`.
"""

from app.cli.program import main

__all__ = ["main"]
