"""The table of Meta's codes, and what each makes of a message."""

from __future__ import annotations

import pytest

from app.whatsapp import codes as table
from app.whatsapp.answers import outcome_of
from app.whatsapp.codes import RULES, ErrorClass, classify
from app.whatsapp.outcomes import Deferred, Halted, Outcome, Rejected

PARTS = ("_AUTHORIZATION", "_THROTTLING", "_GENERAL", "_TEMPLATES", "_REGISTRATION", "_MANAGEMENT")
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

# And every code of that page by its class, so that none is lost and none is there twice.
CLASSES: dict[ErrorClass, tuple[int, ...]] = {
    ErrorClass.BACKOFF: (1, 2, 4, 613, 80007, 130429, 131000, 131016, 131057, 133004, 139103, 2494100),
    ErrorClass.LATER: (131049, 131056, 133008, 133009, 133015, 133016, 134101),
    ErrorClass.NEVER_RECIPIENT: (130403, 130472, 130497, 131021, 131026, 131050, 137000),
    ErrorClass.PAUSE_SENDER: (33, 131037, 131045, 131048, 133006, 133010),
    ErrorClass.PAUSE_TEMPLATE: (132001, 132007, 132015, 132016, 132068, 132069, 134102),
    ErrorClass.PAUSE_ACCOUNT: (368, 131031, 131042, 131064, 139200),
    ErrorClass.CREDENTIALS: (0, 3, 10, 104, 190, *range(200, 300), 131005, 133005),
    ErrorClass.FIX: (
        *(100, 131001, 131002, 131006, 131008, 131009, 131030, 131043, 131047, 131051, 131052, 131053, 131055, 131061),
        *(131062, 131063, 132000, 132005, 132008, 132012, 132018, 133000, 133001, 133002, 133003, 133007, 134011),
        *(134100, 134103, 135000, 139100, 139101, 139102, 141002, 200005, 200006, 200007, 1752041, 2388001, 2388012),
        *(2388019, 2388039, 2388040, 2388047, 2388072, 2388073, 2388091, 2388093, 2388103, 2388293, 2388299, 2388318),
        *(2388330, 2593107, 2593108, *range(147001, 147006), *range(2494164, 2494180)),
    ),
}


def test_every_code_of_the_table_has_exactly_one_class() -> None:
    told = sorted((code, klass) for klass, codes in CLASSES.items() for code in codes)

    written = [rule for part in (getattr(table, name) for name in PARTS) for rule in part]

    assert told == sorted((code, rule.klass) for code, rule in RULES.items())
    assert len(written) == len(RULES)  # a second row of the same code would hide the first


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
