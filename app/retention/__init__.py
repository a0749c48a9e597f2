"""Retention: what has to go, and when.

Knows the kinds of data that are kept and for how long (`data_classes`, and what a tenant chose: `retention_rules`),
holds back what a lawsuit needs (`legal_holds`), destroys the rest every day, and writes down what was destroyed
(`destruction_runs`, `destruction_items`) and what somebody still has to destroy by hand (`destruction_tasks`). Which
rows are over is decided in the database, by functions that can destroy nothing else. Shows `legal_holds_v1`.
"""
