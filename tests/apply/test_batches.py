"""How a calendar's changes are cut into requests."""

from hypothesis import given
from hypothesis import strategies as st

from tests.apply.virtual import create, delete, update
from tests.planning.builders import DAY, MONDAY, event, standing
from timetable_sync.apply.change_queue import ChangeQueue
from timetable_sync.model.change import Change

CHANGES = st.lists(st.tuples(st.sampled_from("cud"), st.integers(0, 30)), max_size=80).map(lambda drawn: [change(*one) for one in drawn])


def change(kind: str, day: int) -> Change:
    lesson = event(f"L{day}", MONDAY + day * DAY)
    return create(lesson) if kind == "c" else update(standing(lesson), lesson) if kind == "u" else delete(standing(lesson))


def batches(changes: list[Change], size: int) -> list[tuple[Change, ...]]:
    waiting, found = ChangeQueue(changes), []
    while waiting:
        when = waiting.when
        found.append(waiting.take(size))
        assert found[-1][0].when == when
    return found


@given(CHANGES, st.integers(1, 10))
def test_every_change_is_in_one_batch_and_no_batch_is_too_long_or_of_two_kinds(changes: list[Change], size: int) -> None:
    cut = batches(changes, size)

    assert sorted(map(id, changes)) == sorted(id(one) for batch in cut for one in batch)
    assert all(1 <= len(batch) <= size and len({type(one) for one in batch}) == 1 for batch in cut)


@given(CHANGES, st.integers(1, 10))
def test_batches_come_soonest_first_and_so_do_the_changes_within(changes: list[Change], size: int) -> None:
    cut = batches(changes, size)

    assert [batch[0].when for batch in cut] == sorted(batch[0].when for batch in cut)
    assert all([one.when for one in batch] == sorted(one.when for one in batch) for batch in cut)


@given(CHANGES, st.integers(1, 10))
def test_only_one_batch_of_a_kind_is_not_full(changes: list[Change], size: int) -> None:
    short = [type(batch[0]) for batch in batches(changes, size) if len(batch) < size]

    assert len(short) == len(set(short))


@given(CHANGES, st.lists(st.integers(1, 10), min_size=1))
def test_a_request_may_be_shorter_or_longer_than_the_one_before(changes: list[Change], sizes: list[int]) -> None:
    waiting = ChangeQueue(changes)
    taken: list[tuple[Change, ...]] = []
    while waiting:
        taken.append(waiting.take(sizes[len(taken) % len(sizes)]))

    assert sorted(map(id, changes)) == sorted(id(one) for batch in taken for one in batch)
    assert all(1 <= len(batch) <= sizes[number % len(sizes)] for number, batch in enumerate(taken))
    assert [batch[0].when for batch in taken] == sorted(batch[0].when for batch in taken)


def test_without_changes_there_is_no_request() -> None:
    assert batches([], 25) == []
