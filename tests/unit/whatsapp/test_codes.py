"""The table of Meta's codes, and what each makes of a message."""

from __future__ import annotations

import pytest

from app.whatsapp.answers import outcome_of
from app.whatsapp.codes import RULES, ErrorClass, classify
from app.whatsapp.outcomes import Deferred, Halted, Outcome, Rejected

# A second telling of the codes that matter most while sending, straight from Meta's page.
WANTED: dict[int, Outcome] = {
    0: Halted(0, "credentials"),
    1: Deferred(1, 30, "sender", 2),
    3: Halted(3, "credentials"),
    4: Deferred(4, 300, "sender"),
    10: Halted(10, "credentials"),
    33: Halted(33, "sender"),
    100: Rejected(100, ErrorClass.FIX),
    190: Halted(190, "credentials"),
    200: Halted(200, "credentials"),
    219: Halted(219, "credentials"),
    299: Halted(299, "credentials"),
    368: Halted(368, "account"),
    80007: Deferred(80007, 600, "sender"),
    130403: Rejected(130403, ErrorClass.NEVER_RECIPIENT),
    130429: Deferred(130429, 2, "sender"),
    130472: Rejected(130472, ErrorClass.NEVER_RECIPIENT),
    130497: Rejected(130497, ErrorClass.NEVER_RECIPIENT),
    131005: Halted(131005, "credentials"),
    131008: Rejected(131008, ErrorClass.FIX),
    131021: Rejected(131021, ErrorClass.NEVER_RECIPIENT),
    131026: Rejected(131026, ErrorClass.NEVER_RECIPIENT),
    131031: Halted(131031, "account"),
    131042: Halted(131042, "account"),
    131045: Halted(131045, "sender"),
    131047: Rejected(131047, ErrorClass.FIX),
    131048: Halted(131048, "sender"),
    131049: Deferred(131049, 86_400, "recipient", 1),
    131050: Rejected(131050, ErrorClass.NEVER_RECIPIENT),
    131056: Deferred(131056, 6, "recipient", 5),
    131057: Deferred(131057, 60, "sender"),
    131064: Halted(131064, "account"),
    132000: Rejected(132000, ErrorClass.FIX),
    132001: Halted(132001, "template"),
    132012: Rejected(132012, ErrorClass.FIX),
    132015: Halted(132015, "template"),
    132016: Halted(132016, "template"),
    133010: Halted(133010, "sender"),
    133016: Deferred(133016, 259_200, "sender", 1),
    134101: Deferred(134101, 600, "recipient", 2),
    987654: Rejected(987654, ErrorClass.UNKNOWN),
}


@pytest.mark.parametrize("code", WANTED)
def test_a_code_has_the_outcome_that_metas_page_asks_for(code: int) -> None:
    outcome = outcome_of(classify(code))

    assert WANTED[code] == outcome


@pytest.mark.parametrize("code", RULES)
def test_every_row_answers_to_its_own_code_and_is_usable(code: int) -> None:
    rule = classify(code)

    assert (code, True) == (rule.code, bool(rule.title))
    assert rule.klass is not ErrorClass.UNKNOWN


@pytest.mark.parametrize("code", RULES)
def test_what_may_be_tried_again_says_when_and_what_may_not_is_never_tried(code: int) -> None:
    rule = classify(code)

    again = rule.klass in (ErrorClass.BACKOFF, ErrorClass.LATER)
    assert again == (rule.retries is None or rule.retries > 0)
    assert rule.delay_s is not None or not again


@pytest.mark.parametrize("code", [4, 80007, 130429, 131048, 131056])
def test_a_throttle_proves_that_nothing_was_sent(code: int) -> None:
    assert classify(code).definite


@pytest.mark.parametrize("code", [1, 2, 131000, 131016, 133004, 135000, 555])
def test_a_fault_on_metas_side_proves_nothing(code: int) -> None:
    assert not classify(code).definite


def test_the_unlisted_is_unknown_and_never_retried() -> None:
    rule = classify(424242)

    assert (ErrorClass.UNKNOWN, 0, None) == (rule.klass, rule.retries, rule.delay_s)
