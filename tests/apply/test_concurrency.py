"""Concurrency: how many requests go at once finds what the service takes, and one crowd that is refused counts once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.apply.virtual import Watcher
from timetable_sync.apply.concurrency import FIRST, ConcurrencyLimiter, Lane
from timetable_sync.apply.retry import Retrier
from timetable_sync.errors import TransientError


def entered(lanes: ConcurrencyLimiter) -> Lane:
    lane = lanes.enter(0.0)
    assert lane is not None
    return lane


def rush(lanes: ConcurrencyLimiter, refused: Callable[[int], bool]) -> int:
    """As many requests as there are lanes, all at once, each answered or refused by its number. Gives how many there were."""
    under_way = [entered(lanes) for _ in range(lanes.open)]
    for number, lane in enumerate(under_way):
        lanes.leave(lane, answered=not refused(number), refused=refused(number))
    return len(under_way)


def test_a_run_begins_with_a_few_and_has_all_after_a_few_answers() -> None:
    lanes = ConcurrencyLimiter(8)

    assert rush(lanes, lambda number: False) == FIRST
    for _ in range(4):
        rush(lanes, lambda number: False)

    assert lanes.open == 8
    assert lanes.enter(0.0) is not None
    assert lanes.peak == 8


def test_there_are_never_more_than_the_cap() -> None:
    lanes = ConcurrencyLimiter(3)
    for _ in range(10):
        rush(lanes, lambda number: False)

    lanes_taken = [entered(lanes) for _ in range(3)]

    assert lanes.enter(0.0) is None
    lanes.leave(lanes_taken[0])
    assert lanes.enter(0.0) is not None


def test_a_crowd_that_is_refused_halves_them_once() -> None:
    lanes = ConcurrencyLimiter(16, first=16)

    rush(lanes, lambda number: True)

    assert lanes.open == 8


def test_a_refusal_in_the_next_crowd_halves_them_again_and_one_is_always_left() -> None:
    lanes = ConcurrencyLimiter(16, first=16)
    for _ in range(10):
        rush(lanes, lambda number: True)

    assert lanes.open == 1


def test_after_a_refusal_a_whole_round_of_answers_opens_one_more() -> None:
    lanes = ConcurrencyLimiter(16, first=16)
    rush(lanes, lambda number: number == 0)
    assert lanes.open == 8

    rush(lanes, lambda number: False)
    rush(lanes, lambda number: False)

    assert 9 <= lanes.open <= 10


def test_what_neither_was_answered_nor_refused_changes_nothing() -> None:
    lanes = ConcurrencyLimiter(16)
    lanes.leave(entered(lanes))

    assert lanes.open == FIRST


def test_who_does_not_fill_the_lanes_opens_no_more() -> None:
    """A calendar alone for an hour says nothing of what the service takes at once."""
    lanes = ConcurrencyLimiter(16)
    for _ in range(100):
        lanes.leave(entered(lanes), answered=True)

    assert lanes.open == FIRST


@contextmanager
def counted(limit: "Limited") -> Iterator[None]:
    with limit.lock:
        limit.under_way += 1
        limit.most = max(limit.most, limit.under_way)
    try:
        yield
    finally:
        with limit.lock:
            limit.under_way -= 1


class Limited:
    """A service that takes so many requests in each slice of time, and puts the others off until the next, as Exchange does."""

    def __init__(self, allowed: int, slice_: float) -> None:
        self.lock = threading.Lock()
        self.allowed, self.slice = allowed, slice_
        self.used: dict[int, int] = {}
        self.refused = self.under_way = self.most = 0

    def ask(self) -> str:
        with counted(self):
            time.sleep(0.002)
            with self.lock:
                now = time.monotonic()
                number = int(now / self.slice)
                if self.used.get(number, 0) < self.allowed:
                    self.used[number] = self.used.get(number, 0) + 1
                    return "done"
                self.refused += 1
                raise TransientError("busy", wait=(number + 1) * self.slice - now, busy=True)


@pytest.mark.parametrize("at_once", [1, 8, 24])
def test_a_service_with_a_limit_is_used_up_to_it_and_nobody_fails(at_once: int) -> None:
    service, lanes = Limited(allowed=20, slice_=0.25), ConcurrencyLimiter(at_once)
    patience = Retrier(threading.Event(), time.monotonic() + 600.0, Watcher(), lanes=lanes)

    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(lambda _: patience.call(service.ask), range(100)))

    assert answers == ["done"] * 100
    assert service.most <= at_once
    # One crowd a slice is put off, and never the whole of it again and again.
    assert service.refused <= at_once * (max(service.used) - min(service.used) + 1)
