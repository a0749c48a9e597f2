"""Everything about the sandbox's behaviour that can be turned while it runs."""

from typing import Annotated

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Span = Annotated[float, msgspec.Meta(ge=0)]

FAULTS = (
    "http_500",  # Graph error 131000, not accepted
    "http_503",  # Graph error 2, not accepted
    "html_502",  # a page from the edge, not accepted
    "throttle",  # Graph error 130429, not accepted
    "reset_before_accept",  # connection cut, not accepted
    "reset_after_accept",  # connection cut, accepted
    "timeout_after_accept",  # never answered, accepted
    "no_id_after_accept",  # 200 without a readable id, accepted
    "truncated_after_accept",  # half of the answer, then the connection is cut, accepted
)


class Knobs(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Spans in seconds unless the name says `_ms`; shares between 0 and 1."""

    # the call
    latency_ms: Span = 0.0  # before anything is decided
    latency_jitter_ms: Span = 0.0
    answer_delay_ms: Span = 0.0  # after the message was accepted, before the answer leaves
    throughput_per_s: Span = 80.0
    throughput_burst: Count = 80
    pair_every_s: Span = 6.0  # one message in this time from a number to a person; 0: no such limit
    pair_burst: Count = 45
    messaging_limit: Annotated[int, msgspec.Meta(ge=0)] = 0  # people of a portfolio in a moving day; 0: unlimited
    messaging_limit_window_s: Span = 86400.0
    messaging_limit_code: int = 131048  # Meta names none for it
    throttle_status: Annotated[int, msgspec.Meta(ge=400, le=499)] = 400  # some say Meta answers 429
    faults: dict[str, Share] = {}
    failed_shares: dict[str, Share] = {}  # "131026": 0.02 fails two in a hundred ordinary numbers
    # what becomes of a message
    delay_sent_s: Span = 0.05
    delay_delivered_s: Span = 0.2
    delay_read_s: Span = 0.5
    delay_jitter: Share = 0.0  # each delay is stretched or shrunk by up to this share
    read_share: Share = 1.0
    delivered_missing_share: Share = 0.0  # `read` without `delivered`
    held_share: Share = 0.0  # templates to ordinary numbers that are held for quality
    held_release_s: Span = 1.0  # after so long a held message is released or dropped
    held_drop_share: Share = 0.0  # of those held by `held_share`: failed 132015 instead of released
    # webhooks
    hold_webhooks: bool = False
    webhook_max_updates: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    webhook_random_batches: bool = False
    webhook_flush_s: Span = 0.02
    webhook_timeout_s: Span = 10.0
    duplicate_share: Share = 0.0
    reorder_share: Share = 0.0
    repeat_share: Share = 0.0  # acknowledged webhooks that are sent again, as if the answer had been lost
    late_share: Share = 0.0  # statuses that come `late_s` seconds after their time
    late_s: Span = 8.0
    retry_first_s: Span = 0.5
    retry_most_s: Span = 30.0
    # templates
    template_review_s: Span = 0.0
    template_webhooks: bool = False


def turn(knobs: Knobs, patch: dict[str, object]) -> Knobs:
    """The knobs with a patch applied; `faults` and `failed_shares` are replaced whole.

    Errors: `ValueError` (msgspec's ValidationError is one) for unknown names and values out of range.
    """
    turned = msgspec.convert({**msgspec.structs.asdict(knobs), **patch}, Knobs)
    unknown = set(turned.faults) - set(FAULTS)
    if unknown:
        raise ValueError(f"unknown faults; known are {', '.join(FAULTS)}")
    if any(not code.isdigit() for code in turned.failed_shares):
        raise ValueError("failed_shares is keyed by Meta's error code")
    if max(sum(turned.faults.values()), sum(turned.failed_shares.values())) > 1:
        raise ValueError("shares add up to more than 1")
    return turned
