"""The page for a person says every code in words."""

import re
from pathlib import Path
from typing import get_args

from app.consents.acts import Act, Channel, Entity, IdentityAct, RecordKind, SuppressionAct, SuppressionKind
from app.consents.gate import Refusal
from app.dispatch.states import State
from app.subjects.ask import Ground, Outcome, RequestKind
from app.subjects.plain import CODES, say
from app.subjects.schemas import RequestState

ROOT = Path(__file__).resolve().parents[3]


def test_every_code_of_a_closed_list_has_its_words_in_both_languages() -> None:
    seeded = (ROOT / "migrations/sql/seed_purposes.sql").read_text("utf-8")
    closed = {
        "record": {*get_args(RecordKind), *get_args(SuppressionKind), "identity"},
        "act": {*get_args(Act), *get_args(SuppressionAct), *get_args(IdentityAct)},
        "who": set(get_args(Entity)),
        "channel": set(get_args(Channel)),
        "reason": {str(refusal) for refusal in Refusal},
        "state": {str(state) for state in State},
        "basis": set(re.findall(r"'(kvkk_5_\w+)'", seeded)),
        "request": {*get_args(RequestKind), *get_args(RequestState), *get_args(Outcome), *get_args(Ground)},
    }

    missing = {field: codes - CODES[field].keys() for field, codes in closed.items()}

    assert {field: set() for field in closed} == missing
    assert all(turkish and english for field in CODES.values() for turkish, english in field.values())


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert ["gönderilmedi", "not sent"] == [say("state", "refused", language) for language in ("tr", "en")]
    assert ["131026", ""] == [say("reason", code, "tr") for code in ("131026", None)]
