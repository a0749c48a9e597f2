"""Rows out of a body of any length, with flat memory: lines from chunks, and CSV as spreadsheets really write it."""
