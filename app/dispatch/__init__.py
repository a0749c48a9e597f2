"""Dispatch: a batch's whole life, and the delivery log.

Owns `batches`, `uploads`, `batch_members`, `messages`, `dispatch`, `outcomes`, `delivery_events`, `batch_counts` and
`parked_statuses`. The way of a message is `flow/`, read downwards: accept, check, enqueue, lease, post, record, settle.
Verbs that act on a whole batch (create, start, pause, cancel, sweep, reconcile) stand beside it.
"""
