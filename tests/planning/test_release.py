"""A release lets through what is on record as held, and so was shown: these calendars, these keys, and no more."""

from tests.planning.guarding import calendar, guards, judged, names, planned
from timetable_sync.model.plan import CalendarPlan, Held, Shown
from timetable_sync.planning.guards import IN_CALENDAR, IN_RUN, SHRUNKEN


def shown(*plans: CalendarPlan, guard: str = IN_CALENDAR, count: int | None = None) -> Shown:
    """What a run leaves on record that held these plans, each for itself; with a guard of the run, all of them."""
    keys = {plan.calendar.address: plan.losses for plan in plans}
    if guard != IN_CALENDAR:
        return Shown({("", guard): sum(map(len, keys.values())) if count is None else count}, keys)
    return Shown({(plan.calendar.address, guard): len(plan.losses) for plan in plans}, keys)


def standing(held: list[Held]) -> list[tuple[str, str | None]]:
    return names([verdict for verdict in held if not verdict.forced])


#: The examples of a calendar that is all there is: by itself each trips the run's guards as well.
ONLY = [planned(1, standing=90, deletes=41), planned(1, standing=40, deletes=20), planned(1, standing=20, deletes=11)]


def test_what_was_held_in_the_only_calendar_is_let_through_by_its_release_alone() -> None:
    for plan in ONLY:
        held = judged([plan], plan.standing, forced=[IN_CALENDAR], shown=shown(plan))

        assert [(verdict.guard, verdict.forced) for verdict in held] == [(IN_CALENDAR, True)]


def test_without_a_recorded_hold_a_calendars_release_leaves_the_runs_guards_as_they_are() -> None:
    for plan in ONLY:
        assert standing(judged([plan], plan.standing, forced=[IN_CALENDAR])) == [(SHRUNKEN, None), (IN_RUN, None)]


def test_fewer_losses_than_were_shown_are_let_through() -> None:
    assert standing(judged([planned(1, standing=89, deletes=40)], 89, forced=[IN_CALENDAR], shown=shown(ONLY[0]))) == []


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

    assert (IN_CALENDAR, "C1") in standing(held)
    assert "the release covers none of them" in held[-1].sentence


def test_a_calendar_that_was_never_shown_is_not_let_through_by_the_release_of_another_one() -> None:
    other = planned(2, standing=90, deletes=60)
    rest = planned(3, standing=1_000)

    held = judged([ONLY[0], other, rest], 1_180, forced=[IN_CALENDAR], shown=shown(ONLY[0]))

    assert standing(held) == [(IN_CALENDAR, "C2")]


def test_what_was_shown_stays_out_of_the_runs_guards_where_the_calendars_own_holds_it_no_longer() -> None:
    """Of 41 losses some are over meanwhile: 27 of 90 trip no guard of the calendar, and that of the run if nobody released them."""
    fewer = planned(1, standing=90, deletes=27)

    assert judged([fewer], 90, forced=[IN_CALENDAR], shown=shown(ONLY[0])) == []
    assert names(judged([fewer], 90)) == [(SHRUNKEN, None), (IN_RUN, None)]


def test_a_released_calendar_does_not_let_others_lose_more() -> None:
    many = [planned(number, standing=20, deletes=5) for number in range(2, 9)]

    held = judged([ONLY[0], *many], 230, forced=[IN_CALENDAR], shown=shown(ONLY[0]))

    assert standing(held) == [(IN_RUN, None)]
    assert held[0].count == 35


MANY = [planned(number, standing=20, deletes=5) for number in range(1, 8)]


def test_what_was_held_of_the_run_is_let_through_and_a_new_loss_is_held_again() -> None:
    on_record = shown(*MANY, guard=IN_RUN)
    more = [*MANY[1:], planned(1, standing=20, deletes=6)]

    assert standing(judged(MANY, 0, guards(), [IN_RUN], shown=on_record)) == []
    (verdict,) = [one for one in judged(more, 0, guards(deletes_in_calendar="50 %"), [IN_RUN], shown=on_record) if not one.forced]
    assert (verdict.guard, verdict.count) == (IN_RUN, 36)
    assert "; the release covers 35 of them" in verdict.sentence
    assert list(verdict.fresh) == [calendar(1).address]


def test_a_timetable_that_shrank_further_than_was_shown_is_held_again_though_nothing_stands_to_be_deleted() -> None:
    plan = planned(1, standing=0, expected=600)

    assert standing(judged([plan], 1_000, forced=[SHRUNKEN], shown=shown(guard=SHRUNKEN, count=400))) == []
    assert standing(judged([plan], 1_000, forced=[SHRUNKEN], shown=shown(guard=SHRUNKEN, count=300))) == [(SHRUNKEN, None)]


def test_a_guard_of_the_run_of_which_nothing_is_on_record_is_let_through_by_who_names_it() -> None:
    assert standing(judged(MANY, forced=[IN_RUN])) == []


def test_a_release_of_the_run_lets_no_calendars_own_hold_through() -> None:
    held = judged([ONLY[0]], 90, forced=[SHRUNKEN], shown=Shown({("", SHRUNKEN): 41, (calendar(1).address, IN_CALENDAR): 41}, {}))

    assert standing(held) == [(IN_CALENDAR, "C1")]
