"""Imports: acts of many people as a stream of any length, and what became of each row.

Chunks commit by themselves, so memory stays flat and locks short: a STOP never waits for an import, only for a chunk.
What was committed stays when a stream is cut, because acts are evidence; sent again, its rows are recognised.
"""
