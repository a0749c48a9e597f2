"""Discount: an act that was given, and does not count as given. It is kept as evidence that it was not counted."""

from collections.abc import Mapping
from typing import Final

from app.consents.acts import AgeAssurance, Discount, ProxyRole

GUARDIANS: Final[frozenset[ProxyRole]] = frozenset({"parent", "guardian"})

MEANING: Final[Mapping[Discount, str]] = {
    "precondition": "It was a condition for something else, so it was not free.",
    "bundled": "It was asked for together with something else in one act.",
    "minor": "A minor cannot give it themselves, and no parent or guardian did with evidence.",
    "proxy_unproven": "Somebody gave it for the person, and nothing shows that they may.",
    "corrected": "It is the same act as a line that was corrected; only another act, or another correction, counts.",
}


def discount(
    *,
    is_precondition: bool,
    bundled: bool,
    age: AgeAssurance | None,
    proxy: ProxyRole | None,
    has_evidence: bool,
) -> Discount | None:
    """Why an act that was given does not count, or None when it does.

    Consent is given of free will and for one specific matter (Law 6698, article 3/1-a): it must not be the price of a
    service, nor ride on another act such as a membership (Personal Data Protection Board, decision 2025/1072;
    regulation on commercial messages, article 7). For a minor a parent or guardian acts (Civil Code, articles 16 and
    342); whoever acts for somebody else has to show it.
    """
    if is_precondition:
        return "precondition"
    if bundled:
        return "bundled"
    if age == "minor" and (proxy not in GUARDIANS or not has_evidence):
        return "minor"
    if proxy is not None and not has_evidence:
        return "proxy_unproven"
    return None
