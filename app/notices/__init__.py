"""Notices: what the person was told.

Owns `notices`, `notice_versions` (published, never changed: the database refuses) and `notice_staleness`
(from when a version no longer carries a consent, after a material change). Shows `notice_versions_v1` and
`notice_staleness_v1`. A notice is acknowledged, never accepted; consent is another record.
"""
