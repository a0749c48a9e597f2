"""The demonstration: an invented list of 5,000 goes all the way, and every single message is reconciled.

A program of its own, `python -m app.demo`. It starts the stack with `toplu up` in a throwaway folder and then speaks to
it as any caller would: HTTP, a key, nothing else. Whether it told the truth is decided by another process
(`python -m app.demo.reconcile`), which reads the sandbox's own log.

Owns `recipients.csv` (the list) and `consents.csv` (what the people on it once agreed to); `generate` made both. All
names are invented, and so are the numbers: `+90 596 000 0000` to `+90 596 000 9999`. 596 has the form of a Turkish
mobile prefix, but the numbering data in use (libphonenumber 9) knows no operator for it; and the demo writes to nobody
but the sandbox.
"""
