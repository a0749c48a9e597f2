"""The HTTP edge: how a request comes in and how an answer, good or bad, goes out. Knows nothing of the
product.

Owns no table. Shows: `middleware.Edge` (request id, access line, headers, last catch), `body.accepts_up_to`
(size of one route's body), `problems.install` (RFC 9457), `pages.router` (a page per error code),
`openapi.finish` (the document integrators generate clients from), `moments.Moment` (times), `idempotency`, `rate`.
"""
