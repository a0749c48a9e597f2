"""Subjects: what a person may ask of us (Law 6698, articles 7 and 11), and the answers.

Owns `subject_requests` (what was asked, with a clock of 30 days) and `erasures`. Exports everything that is held about
one person, as JSON and as a page to read; erases one person and says what was destroyed, what stays and why; and lets
somebody who was erased come back by their own act. Shows other rooms `subject_duties_v1`: what is due here and in room
`retention`.
"""
