"""Templates: in which words.

Owns `templates` (message templates as Meta approved them) and `template_purposes` (what each may be sent
for). Shows `templates_v1` and the reads in `queries`. A template is bound to a purpose only if that
purpose may carry messages of the template's category.
"""
