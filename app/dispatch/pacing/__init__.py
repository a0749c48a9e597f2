"""How fast a sender may speak, to whom, and who goes first. Pure arithmetic over a clock that is handed in; no I/O.

`number`: messages per second. `pairs`: how often to one person. `lanes`: whose turn it is. `eta`: when a batch is done.
How many people a portfolio may reach in a day is kept by `senders.budget`, because several numbers share it.
"""
