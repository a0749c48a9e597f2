"""Senders: from which number.

Owns `senders`, `sender_lines` (a sender's line: who drains it, with which fence, how fast it spoke last), `portfolios`
(what Meta allows an account in a day), `portfolio_people` (whom it reached), `restore_guard` and `restore_releases`
(may this database send at all). Shows `senders_v1`, `sender_lines_v1` and `sending_allowed_v1`, the reads in `queries`,
the day's budget in `budget`, and `open_token` for whoever posts. A token comes in once, is sealed at once, and is shown
by its last four characters only.
"""
