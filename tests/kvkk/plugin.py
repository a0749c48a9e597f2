"""Asked by `document.py`: print what every test covers, as one line of JSON."""

import json

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    items = [
        {
            "test": item.nodeid.partition("[")[0],
            "rows": [row for marker in item.iter_markers("covers") for row in marker.args],
            "dead": next((mark.name for mark in item.iter_markers() if mark.name in ("skip", "xfail")), None),
        }
        for item in session.items
        if item.get_closest_marker("covers")
    ]
    print("\nCOVERS " + json.dumps(items))
