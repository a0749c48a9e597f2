import pytest

from app.kit.errors import TooMany
from app.kit.http import rate
from app.kit.http.rate import Quota, RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_gives_its_quota_and_then_says_when() -> None:
    clock = Clock()
    limit = RateLimit(Quota(3, 60), clock)

    tickets = [limit.take("a") for _ in range(4)]

    assert [True, True, True, False] == [ticket.allowed for ticket in tickets]
    assert [2, 1, 0, 0] == [ticket.remaining for ticket in tickets]
    assert 20.0 == pytest.approx(tickets[3].wait_s)


def test_a_bucket_fills_again_with_time_and_never_over() -> None:
    clock = Clock()
    limit = RateLimit(Quota(3, 60), clock)
    for _ in range(3):
        limit.take("a")

    clock.now += 21
    again = limit.take("a")
    clock.now += 10_000
    full = limit.take("a")

    assert (True, 0) == (again.allowed, again.remaining)
    assert 2 == full.remaining


def test_keys_do_not_share_a_bucket() -> None:
    limit = RateLimit(Quota(1, 60), Clock())

    assert [True, True, False] == [limit.take(key).allowed for key in ("a", "b", "a")]


def test_the_fields_are_those_of_the_draft() -> None:
    limit = RateLimit(Quota(100, 60, "reads"), Clock())

    headers = limit.take("a").headers()

    assert {"RateLimit-Policy": '"reads";q=100;w=60', "RateLimit": '"reads";r=99;t=1'} == headers


def test_enforcing_raises_with_the_wait_and_the_fields() -> None:
    limit = RateLimit(Quota(1, 10), Clock())
    limit.enforce("a")

    with pytest.raises(TooMany) as caught:
        limit.enforce("a")

    assert 10.0 == pytest.approx(caught.value.retry_after_s)
    assert '"default";r=0;t=10' == caught.value.headers["RateLimit"]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MOST_KEYS", 10)
    limit = RateLimit(Quota(1, 60), Clock())

    for number in range(100):
        limit.take(str(number))

    assert 10 == len(limit._buckets)
