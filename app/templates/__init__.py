"""Templates: in which words.

Owns `templates` (message templates as Meta approved them), `template_purposes` (what each may be sent for)
and `template_reviews` (who looked at a text that sounds like promotion). Shows `templates_v1` and the reads
in `queries`. A template is bound to a purpose only if that purpose may carry messages of the template's
category; one that is no marketing and sounds like it is sent only after a person has cleared it.
"""
