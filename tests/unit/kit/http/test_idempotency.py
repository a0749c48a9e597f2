import pytest

from app.kit.http.idempotency import (
    Answer,
    IdempotencyInProgress,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    Kept,
    fingerprint,
    once,
    read_key,
)

pytestmark = pytest.mark.anyio


class Shelf:
    """A store as the protocol asks for it, in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    async def reserve(self, key: str, fingerprint: bytes) -> Kept | None:
        if key in self.kept:
            return self.kept[key]
        self.kept[key] = Kept(fingerprint)
        return None

    async def finish(self, key: str, answer: Answer) -> None:
        self.kept[key] = Kept(self.kept[key].fingerprint, answer)


class Work:
    def __init__(self) -> None:
        self.done = 0

    async def __call__(self) -> Answer:
        self.done += 1
        return Answer(201, b'{"id":1}', {"Location": "/v1/things/1"})


ONE = fingerprint("POST", "/v1/things", b"{}")


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e", "8e03978e"),
        (' "a\\"b" ', 'a"b'),
        ("x" * 255, "x" * 255),
        (None, None),
    ],
)
def test_a_key_is_read_quoted_or_bare(header: str | None, key: str | None) -> None:
    assert key == read_key(header)


@pytest.mark.parametrize("header", ["", '""', "x" * 256, "a b", '"a b"', "ü", "a\x00b", "a\tb"])
def test_any_other_key_is_refused(header: str) -> None:
    with pytest.raises(IdempotencyKeyInvalid):
        read_key(header)


def test_a_fingerprint_tells_every_part_apart() -> None:
    others = [("PUT", "/v1/things", b"{}"), ("POST", "/v1/thing", b"s{}"), ("POST", "/v1/things", b"{} ")]

    assert ONE == fingerprint("post", "/v1/things", b"{}")
    assert 4 == len({ONE, *(fingerprint(*other) for other in others)})


async def test_the_work_is_done_once_and_its_answer_replayed() -> None:
    shelf, work = Shelf(), Work()

    first = await once(shelf, "k", ONE, work)
    second = await once(shelf, "k", ONE, work)

    assert 1 == work.done
    assert (first.status, first.body) == (second.status, second.body)
    assert {"Location": "/v1/things/1", "Idempotency-Replay": "true"} == second.headers
    assert "Idempotency-Replay" not in first.headers


async def test_the_same_key_for_another_request_is_refused() -> None:
    shelf, work = Shelf(), Work()
    await once(shelf, "k", ONE, work)

    with pytest.raises(IdempotencyKeyReused):
        await once(shelf, "k", fingerprint("POST", "/v1/things", b"[]"), work)

    assert 1 == work.done


async def test_a_repeat_while_the_first_still_runs_is_told_to_wait() -> None:
    shelf, work = Shelf(), Work()
    await shelf.reserve("k", ONE)

    with pytest.raises(IdempotencyInProgress) as caught:
        await once(shelf, "k", ONE, work)

    assert (0, 1, 409) == (work.done, caught.value.retry_after_s, caught.value.status)


async def test_without_a_key_the_work_is_simply_done() -> None:
    shelf, work = Shelf(), Work()

    await once(shelf, None, ONE, work)
    await once(shelf, None, ONE, work)

    assert (2, {}) == (work.done, shelf.kept)
