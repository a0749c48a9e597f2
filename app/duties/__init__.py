"""Duties: what is due, and when.

For everything in the product that runs against a clock. Owns `duty_rounds` (the last count over all tenants) and no
duty itself: each room shows its own in a view (`*_duties_v1`), and this one puts them in order. Shows the list to
tenants, a count to /metrics, and once a day a line in the log to the operator.
"""
