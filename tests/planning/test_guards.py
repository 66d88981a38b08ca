"""Guards: limits with numbers, no false alarm in small calendars; and a release that lets through what was shown as held, and no more."""

import pytest

from tests.planning.builders import HOUR, MONDAY, WINDOW, event, ledger, plan, settled, standing
from tests.planning.guarding import REST, calendar, guards, judged, left, names, planned
from timetable_sync.model.change import Create, Reason
from timetable_sync.model.event import Event
from timetable_sync.model.plan import CalendarPlan, Held, Shown
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.planning.guards import EMPTY, IN_CALENDAR, IN_RUN, RELEASABLE, SHRUNKEN, empty_timetable


def test_an_ordinary_night_trips_nothing() -> None:
    plans = [planned(number, standing=90, deletes=3, creates=5) for number in range(20)]

    assert judged(plans, 1_800, guards(), ()) == []


def test_a_calendars_verdict_names_it_with_its_numbers() -> None:
    (verdict,) = judged([planned(1, standing=90, deletes=41), REST], 10_090, guards(deletes_in_calendar="30 %"), ())

    assert (verdict.guard, verdict.calendar, verdict.forced) == (IN_CALENDAR, calendar(1), False)
    assert (verdict.count, verdict.of, verdict.limit) == (41, 90, 27)
    assert verdict.sentence == "41 of 90 events would be deleted, the limit is 30 %, at least 5"


@pytest.mark.parametrize(("deletes", "held"), [(27, False), (28, True)])
def test_the_limit_itself_is_let_through_and_one_more_is_not(deletes: int, held: bool) -> None:
    assert bool(judged([planned(1, standing=90, deletes=deletes), REST], 0, guards(), ())) is held


@pytest.mark.parametrize(
    ("standing", "deletes", "held"), [(3, 3, False), (6, 5, False), (6, 6, True), (9, 6, True), (10, 10, True), (17, 6, True)]
)
def test_below_the_floor_there_is_no_alarm_and_above_it_small_calendars_are_guarded_too(standing: int, deletes: int, held: bool) -> None:
    assert bool(judged([planned(1, standing=standing, deletes=deletes), REST], 0, guards(), ())) is held


def test_a_floor_of_nothing_guards_the_smallest_calendar() -> None:
    strict = guards(deletes_in_calendar={"share": "30 %", "at_least": 0})

    assert names(judged([planned(1, standing=3, deletes=1), REST], 0, strict, ())) == [(IN_CALENDAR, "C1")]


def test_an_upper_limit_holds_however_large_the_calendar_is() -> None:
    capped = guards(deletes_in_calendar={"share": "30 %", "at_most": 100})

    (verdict,) = judged([planned(1, standing=5_000, deletes=101), REST], 0, capped, ())

    assert verdict.limit == 100
    assert verdict.sentence.endswith("the limit is 30 %, at least 5, at most 100")


def test_many_small_losses_hold_the_run() -> None:
    """Below every calendar's floor, yet a tenth of everything: half a timetable can go missing that way."""
    plans = [planned(number, standing=10, deletes=3) for number in range(50)]

    (verdict,) = judged(plans, 0, guards(), ())

    assert (verdict.guard, verdict.calendar) == (IN_RUN, None)
    assert (verdict.count, verdict.of, verdict.limit) == (150, 500, 50)
    assert verdict.sentence == "150 of 500 events would be deleted in all, the limit is 10 %, at least 10"


@pytest.mark.parametrize(("deletes", "held"), [(10, False), (11, True)])
def test_the_runs_floor_lets_small_installations_work(deletes: int, held: bool) -> None:
    lenient = guards(deletes_in_calendar="100 %")

    assert bool(judged([planned(1, standing=20, deletes=deletes)], 0, lenient, ())) is held


def test_one_calendar_that_its_own_guard_holds_does_not_hold_the_others() -> None:
    plans = [planned(1, standing=90, deletes=41), planned(2, standing=90, deletes=2), planned(3, standing=90)]

    assert names(judged(plans, 270, guards(), ())) == [(IN_CALENDAR, "C1")]


def test_a_released_calendar_counts_in_the_run() -> None:
    plans = [planned(1, standing=90, deletes=41), planned(2, standing=90), planned(3, standing=90)]

    held = judged(plans, 270, guards(), {IN_CALENDAR})

    assert [(verdict.guard, verdict.forced) for verdict in held] == [(IN_RUN, False), (IN_CALENDAR, True)]


def test_a_calendar_that_is_only_reported_on_neither_holds_the_run_nor_makes_its_limit_wider() -> None:
    reported = planned(1, standing=10_000, deletes=2_000)
    written = [planned(number, standing=20, deletes=5) for number in (2, 3, 4)]

    harmless = judged([reported, planned(2, standing=20)], 0, guards(), (), never_written={reported.calendar.address})
    harmful = judged([reported, *written], 0, guards(), (), never_written={reported.calendar.address})

    assert harmless == []
    assert [(verdict.guard, verdict.count, verdict.of) for verdict in harmful] == [(IN_RUN, 15, 60)]


def test_a_timetable_that_shrank_is_held_even_if_nothing_stands_to_be_deleted() -> None:
    (verdict,) = judged([planned(1, standing=0, expected=700)], 1_000, guards(), ())

    assert (verdict.guard, verdict.calendar) == (SHRUNKEN, None)
    assert (verdict.count, verdict.of, verdict.limit) == (300, 1_000, 200)
    assert verdict.sentence == "the timetable shrank from 1000 to 700 events in the window, the limit is 20 %"


@pytest.mark.parametrize(("expected", "held"), [(800, False), (799, True), (1_200, False)])
def test_a_timetable_may_shrink_by_the_limit_and_grow_as_it_likes(expected: int, held: bool) -> None:
    assert bool(judged([planned(1, standing=0, expected=expected)], 1_000, guards(), ())) is held


@pytest.mark.parametrize(("known", "expected", "held"), [(10, 0, False), (11, 0, True), (30, 20, False), (30, 19, True)])
def test_a_small_timetable_may_shrink_by_the_floor_and_no_more(known: int, expected: int, held: bool) -> None:
    assert bool(judged([planned(1, standing=0, expected=expected)], known, guards(), ())) is held


def test_a_lost_ledger_is_no_shrunken_timetable() -> None:
    assert judged([planned(1, standing=500)], 0, guards(), ()) == []


def test_released_guards_are_named_all_the_same() -> None:
    plans = [planned(1, standing=100, deletes=90, expected=10)]

    held = judged(plans, 100, guards(), set(RELEASABLE))

    assert {(verdict.guard, verdict.forced) for verdict in held} == {(SHRUNKEN, True), (IN_RUN, True), (IN_CALENDAR, True)}


def test_releasing_one_guard_releases_no_other() -> None:
    plans = [planned(1, standing=100, deletes=90, expected=10)]

    held = judged(plans, 100, guards(), {SHRUNKEN, IN_CALENDAR})

    assert {verdict.guard for verdict in held if not verdict.forced} == {IN_RUN}


def test_an_empty_timetable_is_refused_and_cannot_be_released() -> None:
    verdict = empty_timetable()

    assert (verdict.guard, verdict.calendar, verdict.forced) == (EMPTY, None, False)
    assert EMPTY not in RELEASABLE


def stand(many: int, item: str = "item") -> list[RemoteEvent]:
    return [standing(event(f"A{number}"), f"{item}-{number}") for number in range(many)]


def lessons(many: int) -> list[Event]:
    return [event(f"A{number}") for number in range(many)]


def test_cleaning_up_duplicates_is_no_loss_and_holds_nothing() -> None:
    doubled = settled(plan(lessons(8), [*stand(8), *stand(8, "copy")]))

    assert (doubled.deletes, doubled.standing, doubled.losses) == (8, 8, frozenset())
    assert judged([doubled], 8, guards(), ()) == []


def test_of_a_doubled_calendar_each_key_that_leaves_is_one_loss_of_those_that_stand() -> None:
    (verdict,) = judged([plan(lessons(2), [*stand(8), *stand(8, "copy")]), REST], 10_008, guards(), ())

    assert (verdict.guard, verdict.count, verdict.of) == (IN_CALENDAR, 6, 8)
    assert verdict.sentence == "6 of 8 events would be deleted, the limit is 30 %, at least 5"


def test_many_duplicates_do_not_make_room_for_losses() -> None:
    """Three copies of each: 7 of 20 are more than 30 %, and are less of the 80 items."""
    copies = [item for name in ("item", "b", "c", "d") for item in stand(20, name)]

    assert names(judged([plan(lessons(13), copies), REST], 10_020, guards(), ())) == [(IN_CALENDAR, "COMP101")]


def test_what_of_an_event_stays_as_it_is_part_of_a_series_is_no_loss() -> None:
    items = [item for number, item in enumerate(stand(8)) for item in (item, item._replace(item=ItemRef(f"s{number}", "v"), series=True))]

    assert plan([], items).losses == frozenset()
    assert len(plan([], stand(8)).losses) == 8


def test_an_event_that_moves_or_is_moved_out_of_the_window_and_made_anew_is_no_loss() -> None:
    there = stand(8)
    later = [event(f"A{number}", MONDAY + HOUR) for number in range(8)]
    beyond = [item._replace(start=WINDOW.end + HOUR, end=WINDOW.end + 2 * HOUR) for item in there]

    assert (plan(later, there).updates, plan(later, there).losses) == (8, frozenset())
    assert (plan(lessons(8), beyond, ledger(*there)).creates, plan(lessons(8), beyond, ledger(*there)).losses) == (8, frozenset())


def test_a_key_that_is_deleted_and_made_anew_is_no_loss() -> None:
    both = CalendarPlan(calendar(1), 8, 8, 0, 0, (*left(8), *(Create(event(f"A{number}"), "m", Reason.TIMETABLE) for number in range(8))))

    assert both.losses == frozenset()
    assert judged([both], 8, guards(), ()) == []


def test_updates_and_creates_are_no_deletes() -> None:
    assert judged([planned(1, standing=10, creates=5_000)], 10, guards(), ()) == []


def test_a_share_is_counted_without_the_errors_of_floating_point() -> None:
    """A share of 0.07 times 100 is 7.000000000000001, one of 0.29 times 100 is 28.999999999999996."""
    tight = guards(deletes_in_calendar={"share": "29 %", "at_least": 0})

    assert judged([planned(1, standing=100, deletes=29), REST], 0, tight, ()) == []


def test_the_order_of_the_verdicts_is_the_runs_first_then_the_calendars() -> None:
    plans = [planned(number, standing=100, deletes=40) for number in (1, 2)] + [planned(3, standing=100, deletes=30)]

    assert names(judged(plans, 1_000, guards(deletes_in_run="5 %"), ())) == [
        (SHRUNKEN, None),
        (IN_RUN, None),
        (IN_CALENDAR, "C1"),
        (IN_CALENDAR, "C2"),
    ]


OTHERS = [calendar(number) for number in (7, 8, 9)]
THEIRS = {other.address: 90 for other in OTHERS}


def test_a_run_of_some_calendars_is_judged_over_all_that_may_be_written() -> None:
    """27 of 90 may go from one calendar, and are 30 % of it, but 7.5 % of everything."""
    plan = planned(1, standing=90, deletes=27)
    counts = {plan.calendar.address: 90, **THEIRS}

    alone = judged([plan], counts=counts, unasked=OTHERS, wanted=THEIRS)
    whole = judged([plan, *(planned(number, standing=90) for number in (7, 8, 9))], counts=counts)

    assert alone == whole == []


def test_a_calendar_that_could_not_be_read_stands_as_the_ledger_counts_it() -> None:
    plan = planned(1, standing=90, deletes=27)

    verdicts = judged([plan], counts={plan.calendar.address: 90, OTHERS[0].address: 30}, unasked=OTHERS[:1])

    assert [(verdict.guard, verdict.count, verdict.of) for verdict in verdicts] == [(SHRUNKEN, 27, 120), (IN_RUN, 27, 120)]


def test_what_another_calendar_lacks_is_not_held_against_the_one_that_was_asked_for() -> None:
    counts = {calendar(1).address: 90, **THEIRS}

    assert judged([planned(1, standing=90, deletes=2)], counts=counts, unasked=OTHERS, wanted={}) == []


def test_what_moved_to_a_calendar_that_nobody_read_is_not_missed() -> None:
    """Some of one calendar's events are in another one now: the whole timetable has as many as before."""
    plan = planned(1, standing=40, deletes=12)
    grown = {OTHERS[0].address: 12}

    alone = judged([plan], 40, guards(deletes_in_run="100 %"), unasked=OTHERS[:1], wanted=grown)
    whole = judged([plan, planned(7, standing=0, creates=12)], 40, guards(deletes_in_run="100 %"))

    assert alone == whole == []
    assert names(judged([plan], 40, guards(deletes_in_run="100 %"))) == [(SHRUNKEN, None)]


def test_calendars_that_are_only_reported_on_make_the_timetable_neither_larger_nor_smaller() -> None:
    reported = planned(1, standing=1_000, expected=10)
    counts = {reported.calendar.address: 1_000, calendar(2).address: 50}

    assert judged([reported, planned(2, standing=50)], counts=counts, never_written=[reported.calendar.address]) == []


def test_a_calendars_verdict_names_the_calendar_as_it_is_typed_and_a_runs_what_the_run_was_limited_to() -> None:
    named, twin = planned(1, standing=90, deletes=60), planned(2, standing=90, deletes=60)
    many = [planned(number, standing=20, deletes=5) for number in range(3, 15)]

    verdicts = judged([named, twin, *many], 0, homonyms=[twin.calendar.address], asked=("C*", "D1"))

    assert [verdict.scope for verdict in verdicts] == [("C*", "D1"), ("C1",), ("c2@groups.example.ac.uk",)]


def shown(*plans: CalendarPlan, guard: str = IN_CALENDAR, count: int | None = None) -> Shown:
    """What a run leaves on record that held these plans, each for itself; with a guard of the run, all of them."""
    keys = {plan.calendar.address: plan.losses for plan in plans}
    if guard != IN_CALENDAR:
        return Shown({("", guard): sum(map(len, keys.values())) if count is None else count}, keys)
    return Shown({(plan.calendar.address, guard): len(plan.losses) for plan in plans}, keys)


def not_let_through(held: list[Held]) -> list[tuple[str, str | None]]:
    return names([verdict for verdict in held if not verdict.forced])


#: The examples of a calendar that is all there is: by itself each trips the run's guards as well.
ONLY = [planned(1, standing=90, deletes=41), planned(1, standing=40, deletes=20), planned(1, standing=20, deletes=11)]


def test_what_was_held_in_the_only_calendar_is_let_through_by_its_release_alone() -> None:
    for only in ONLY:
        held = judged([only], only.standing, forced=[IN_CALENDAR], shown=shown(only))

        assert [(verdict.guard, verdict.forced) for verdict in held] == [(IN_CALENDAR, True)]


def test_without_a_recorded_hold_a_calendars_release_leaves_the_runs_guards_as_they_are() -> None:
    for only in ONLY:
        assert not_let_through(judged([only], only.standing, forced=[IN_CALENDAR])) == [(SHRUNKEN, None), (IN_RUN, None)]


def test_fewer_losses_than_were_shown_are_let_through() -> None:
    assert not_let_through(judged([planned(1, standing=89, deletes=40)], 89, forced=[IN_CALENDAR], shown=shown(ONLY[0]))) == []


def test_more_losses_than_were_shown_are_held_again_and_the_new_ones_named() -> None:
    more = planned(1, standing=90, deletes=44)

    held = judged([more], 90, forced=[IN_CALENDAR], shown=shown(ONLY[0]))

    (verdict,) = [verdict for verdict in held if verdict.calendar is not None]
    assert not verdict.forced
    assert verdict.sentence.startswith("44 of 90 events would be deleted, the limit is 30 %, at least 5; the release covers 41 of them")
    assert verdict.fresh == {more.calendar.address: more.losses - ONLY[0].losses}


def test_as_many_losses_as_were_shown_but_others_are_held_again() -> None:
    before = Shown({(calendar(1).address, IN_CALENDAR): 41}, {calendar(1).address: frozenset(f"gone {number}" for number in range(41))})

    held = judged([ONLY[0]], 90, forced=[IN_CALENDAR], shown=before)

    assert (IN_CALENDAR, "C1") in not_let_through(held)
    assert "the release covers none of them" in held[-1].sentence


def test_a_calendar_that_was_never_shown_is_not_let_through_by_the_release_of_another_one() -> None:
    other = planned(2, standing=90, deletes=60)
    rest = planned(3, standing=1_000)

    held = judged([ONLY[0], other, rest], 1_180, forced=[IN_CALENDAR], shown=shown(ONLY[0]))

    assert not_let_through(held) == [(IN_CALENDAR, "C2")]


def test_what_was_shown_stays_out_of_the_runs_guards_where_the_calendars_own_holds_it_no_longer() -> None:
    """Of 41 losses some are over meanwhile: 27 of 90 trip no guard of the calendar, and that of the run if nobody released them."""
    fewer = planned(1, standing=90, deletes=27)

    assert judged([fewer], 90, forced=[IN_CALENDAR], shown=shown(ONLY[0])) == []
    assert names(judged([fewer], 90)) == [(SHRUNKEN, None), (IN_RUN, None)]


def test_a_released_calendar_does_not_let_others_lose_more() -> None:
    many = [planned(number, standing=20, deletes=5) for number in range(2, 9)]

    held = judged([ONLY[0], *many], 230, forced=[IN_CALENDAR], shown=shown(ONLY[0]))

    assert not_let_through(held) == [(IN_RUN, None)]
    assert held[0].count == 35


MANY = [planned(number, standing=20, deletes=5) for number in range(1, 8)]


def test_what_was_held_of_the_run_is_let_through_and_a_new_loss_is_held_again() -> None:
    on_record = shown(*MANY, guard=IN_RUN)
    more = [*MANY[1:], planned(1, standing=20, deletes=6)]

    assert not_let_through(judged(MANY, 0, guards(), [IN_RUN], shown=on_record)) == []
    (verdict,) = [one for one in judged(more, 0, guards(deletes_in_calendar="50 %"), [IN_RUN], shown=on_record) if not one.forced]
    assert (verdict.guard, verdict.count) == (IN_RUN, 36)
    assert "; the release covers 35 of them" in verdict.sentence
    assert list(verdict.fresh) == [calendar(1).address]


def test_a_timetable_that_shrank_further_than_was_shown_is_held_again_though_nothing_stands_to_be_deleted() -> None:
    plan = planned(1, standing=0, expected=600)

    assert not_let_through(judged([plan], 1_000, forced=[SHRUNKEN], shown=shown(guard=SHRUNKEN, count=400))) == []
    assert not_let_through(judged([plan], 1_000, forced=[SHRUNKEN], shown=shown(guard=SHRUNKEN, count=300))) == [(SHRUNKEN, None)]


def test_a_guard_of_the_run_of_which_nothing_is_on_record_is_let_through_by_who_names_it() -> None:
    assert not_let_through(judged(MANY, forced=[IN_RUN])) == []


def test_a_release_of_the_run_lets_no_calendars_own_hold_through() -> None:
    held = judged([ONLY[0]], 90, forced=[SHRUNKEN], shown=Shown({("", SHRUNKEN): 41, (calendar(1).address, IN_CALENDAR): 41}, {}))

    assert not_let_through(held) == [(IN_CALENDAR, "C1")]
