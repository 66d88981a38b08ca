"""What needs a person and what is worth knowing, in the words of the reports."""

import shlex
from dataclasses import replace

from tests.reports import summaries
from tests.reports.summaries import calendar, create, event, held_verdict, moved, reported, standing, summary, update
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Reason
from timetable_sync.model.plan import Held, Skipped, SkipReason
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.notices import Matter, Weight, needs_you, verdict, worth_knowing
from timetable_sync.reports.summary import CalendarReport, Outcome, RunSummary, Status, Trouble
from timetable_sync.reports.totals import count

CLOCK = TimeFormat(summaries.ZONE)


def needs(run: RunSummary) -> list[Matter]:
    return needs_you(run, count(run), CLOCK)


def knowing(run: RunSummary) -> list[Matter]:
    return worth_knowing(run, count(run), CLOCK)


def sentences(matters: list[Matter]) -> list[str]:
    return [matter.sentence for matter in matters]


def test_a_quiet_night_says_nothing() -> None:
    assert needs(summaries.quiet()) == []
    assert knowing(summaries.quiet()) == []


def test_a_held_calendar_is_named_with_numbers_and_two_commands() -> None:
    matter = next(matter for matter in needs(summaries.everything()) if matter.about == "COMP999")
    assert matter.sentence == "held: 41 of 90 events would be deleted, the limit is 30 %, at least 5"
    assert [(advice.label, advice.text) for advice in matter.advice] == [
        ("look", "timetable-sync held COMP999"),
        ("release", "timetable-sync run --calendar COMP999 --force-guard deletes_in_calendar"),
    ]


def test_a_verdict_that_stands_at_the_run_and_at_its_calendar_is_told_once() -> None:
    assert sum(matter.about == "COMP999" for matter in needs(summaries.everything())) == 1


def test_a_held_run_can_be_released_and_an_empty_timetable_cannot() -> None:
    held = needs(summaries.run_held())[0]
    assert held.advice[1].text == "timetable-sync run --force-guard deletes_in_run"
    empty = needs(summary(held=(Held("empty_timetable", None, "the timetable is empty", 0, 0, 0),)))[0]
    assert not any("--force-guard" in advice.text for advice in empty.advice)


def test_guards_that_hold_the_same_are_released_by_one_command_as_each_alone_would_let_nothing_through() -> None:
    shrunken = Held("shrunken_timetable", None, "the timetable shrank from 90 to 49 events", 41, 90, 18)
    both = (shrunken, replace(shrunken, guard="deletes_in_run"), held_verdict())
    commands = [matter.advice[1].text for matter in needs(summary(held=both))]
    assert commands[0] == commands[1] == "timetable-sync run --force-guard deletes_in_run --force-guard shrunken_timetable"
    assert commands[2].endswith("--calendar COMP999 --force-guard deletes_in_calendar")


def test_a_dry_run_names_no_command_as_it_puts_nothing_on_record() -> None:
    (matter,) = needs(replace(summary(held=(held_verdict(),)), dry_run=True))
    assert [(advice.text, advice.command) for advice in matter.advice] == [
        ("A dry run puts nothing on record: a run holds it, and says what lets it through.", False)
    ]


def test_what_a_release_does_not_cover_is_named() -> None:
    verdict = replace(held_verdict("COMP101"), fresh={calendar("COMP101").address: frozenset([moved()[0].key])})
    report = CalendarReport(calendar("COMP101"), Status.HELD, changes=reported(*moved(), fate=Outcome.HELD), held=(verdict,))
    (matter,) = needs(summary(report, held=(verdict,)))
    assert len(matter.details) == sum(change.key == moved()[0].key for change in moved())
    assert matter.details[0].startswith("new: ")


def test_the_commands_of_a_calendar_with_an_odd_name_can_be_typed_and_mean_it_alone() -> None:
    for name in ("Joint lectures; rm -rf ~", "A*", "[x]", "-q", " blank", "two\nlines", ""):
        odd = Calendar("odd@groups.example.ac.uk", name)
        run = summary(CalendarReport(odd, Status.HELD), held=(replace(held_verdict(), calendar=odd),))
        words = shlex.split(needs(run)[0].advice[1].text)
        plain = name == "Joint lectures; rm -rf ~"
        assert words[words.index("--calendar") + 1] == (name if plain else "odd@groups.example.ac.uk")


def test_a_failed_calendar_is_named_with_its_reason_and_advice() -> None:
    matter = next(matter for matter in needs(summaries.everything()) if matter.about == "GONE1")
    assert matter.sentence.startswith("failed: no mailbox gone@")
    assert matter.weight is Weight.FAILED
    assert matter.advice[0].text == "Make the group, or take it out of the timetable."


def test_refused_events_are_named_one_by_one_with_their_reason() -> None:
    refused = next(matter for matter in needs(summaries.everything()) if "1 of 5 changes failed" in matter.sentence)
    assert refused.sentence.endswith("ErrorSubjectTooLong: the subject is too long")
    assert refused.details == ("create Tue 24 Nov 2026 11:00 - 12:00 PHYS110 Lecture: Optics",)


def test_a_change_without_an_answer_is_not_called_failed() -> None:
    unclear = next(matter for matter in needs(summaries.everything()) if "may or may not" in matter.sentence)
    assert unclear.details == ("create Tue 24 Nov 2026 11:00 - 12:00 PHYS110 Lecture: Lenses",)


def test_a_calendar_that_refused_all_its_changes_is_one_matter_and_no_list() -> None:
    gone = Trouble("no such mailbox")
    report = CalendarReport(calendar("X"), Status.FAILED, changes=reported(*moved("X"), fate=Outcome.FAILED, trouble=gone), trouble=gone)
    (matter,) = needs(summary(report))
    assert (matter.sentence, matter.details) == ("4 of 4 changes failed: no such mailbox", ())


def test_what_was_not_begun_because_its_calendar_failed_meanwhile_is_counted_too() -> None:
    first, *rest = moved()
    changes = (*reported(first, fate=Outcome.FAILED, trouble=Trouble("no such mailbox", "Look.")), *reported(*rest, fate=Outcome.NOT_BEGUN))
    (matter,) = needs(summary(CalendarReport(calendar("COMP101"), Status.FAILED, changes=changes)))
    assert matter.sentence == "1 of 4 changes failed, and 3 were not begun: no such mailbox"


def test_a_cut_run_says_why_and_what_waits() -> None:
    matter = next(matter for matter in needs(summaries.everything()) if matter.sentence.startswith("cut short"))
    assert matter.sentence == "cut short: the deadline of 3 hours passed; 5 changes in 2 calendars wait for the next night"
    assert matter.details == ("LATE700: 4 changes not begun",)


def test_the_runs_own_failure_comes_first() -> None:
    matter = needs(summaries.failed())[0]
    assert (matter.about, matter.advice[0].text) == ("the run", "Register it.")


def test_rows_set_aside_are_told_by_reason_the_commonest_first() -> None:
    matter = knowing(summary(bad_rows={"without a time": 1, "end before start": 2}))[0]
    assert matter.sentence == "3 rows set aside (2 end before start, 1 without a time); their events stay as they were"


def test_examples_of_bad_rows_are_details_and_say_how_many_there_are_besides() -> None:
    assert knowing(summaries.everything())[0].details == (
        "row 17, column ends_at: end before start (COMP101 Lecture 2)",
        "row 2,044, column starts_at: without a time",
        "and 1 more row of these kinds",
    )


def test_what_people_edited_and_deleted_is_told_as_restored() -> None:
    said = sentences(knowing(summaries.everything()))
    assert "2 events had been edited by someone and were restored" in said
    assert "1 event had been deleted by someone and was made anew" in said
    assert "1 duplicate was moved to Deleted Items" in said


def test_a_dry_run_speaks_of_what_would_be() -> None:
    new = event()
    changes = reported(update(standing(new, subject="Lunch"), new, Reason.EDITED), create(new, Reason.DELETED), fate=Outcome.PLANNED)
    run = summary(CalendarReport(calendar("X"), Status.PLANNED, changes=changes), dry_run=True, run=None)
    assert sentences(knowing(run)) == [
        "1 event edited by someone would be restored",
        "1 event deleted by someone would be made anew",
    ]
    assert verdict(run, count(run), needs(run)) == "A dry run: nothing was written. 2 changes would be made."


def test_changes_that_were_not_made_are_not_told_as_restored() -> None:
    new = event()
    changes = reported(update(standing(new, subject="Lunch"), new, Reason.EDITED), fate=Outcome.HELD)
    assert knowing(summary(CalendarReport(calendar("X"), Status.HELD, changes=changes))) == []


def test_events_left_alone_by_the_report_policy_are_named() -> None:
    matter = next(
        matter for matter in knowing(summaries.everything()) if matter.sentence == "1 event was edited by someone and left as it is"
    )
    assert matter.details == ("COMP101: Thu 3 Dec 2026 09:00 - 10:00 COMP101 Lecture: Graphs",)


def test_a_released_guard_is_on_record() -> None:
    said = sentences(knowing(summaries.everything()))
    assert "--force-guard shrunken_timetable released what it would have held: the timetable shrank from 90 to 49 events" in said


def test_calendars_that_are_report_only_are_told_with_their_changes() -> None:
    assert "1 calendar is report only: 4 changes were found and not written" in sentences(knowing(summaries.everything()))


def test_the_figures_of_a_night_leave_out_what_is_report_only() -> None:
    figures = count(summaries.everything())
    assert figures.not_written == 4
    assert figures.effective == {"created": 2, "updated": 7, "deleted": 2}


def test_the_verdict_on_a_night() -> None:
    def said(run: RunSummary) -> str:
        return verdict(run, count(run), needs(run))

    assert said(summaries.quiet()) == "Every calendar stood as the timetable says; nothing was written."
    assert said(summaries.ordinary()) == "Every calendar stands as the timetable says."
    assert said(replace(summaries.ordinary(), bad_rows={"end before start": 2})) == (
        "Every calendar stands as the timetable says, but for 2 rows set aside."
    )
    assert said(summaries.failed()) == "The run failed."
    assert said(summaries.run_held()) == "0 changes were made. 1 matter below needs you."


def test_a_secret_in_a_services_message_is_not_repeated() -> None:
    trouble = Trouble("refused: Bearer abcdefghijklmnop.qrs", "password=hunter2secret")
    run = summary(CalendarReport(calendar("X"), Status.FAILED, trouble=trouble), failure=trouble, needs_you=(trouble,))
    assert "abcdefghijklmnop" not in str(needs(run))
    assert "hunter2secret" not in str(needs(run))


def test_every_way_of_leaving_an_event_alone_is_told() -> None:
    new = event()
    for why in SkipReason:
        left = Skipped(new.key, why, standing(new), new)
        run = summary(CalendarReport(calendar("X"), Status.UNCHANGED, left_alone=(left,)), bad_rows={"end before start": 1})
        told = " ".join(sentences(needs(run) if why is SkipReason.UNREADABLE else knowing(run)))
        if why is SkipReason.UNREADABLE:
            assert "1 event with our mark cannot be read and was left: " in told
            continue
        assert "1 event stays" in told if why is SkipReason.UNSETTLED else "1 event was" in told, why


def test_what_was_in_the_way_and_was_got_over_is_named_with_how_often() -> None:
    reasons = (("a@example.ac.uk: Exchange is busy (ErrorServerBusy)", 3), ("b@example.ac.uk: the connection to Exchange broke off", 1))
    (matter,) = knowing(summary(retries=4, waited=130.2, reasons=reasons))
    assert matter.sentence == "4 requests had to be tried again, after 2 min 10 s of waiting in all"
    assert matter.details == (
        "a@example.ac.uk: Exchange is busy (ErrorServerBusy) (3 times)",
        "b@example.ac.uk: the connection to Exchange broke off",
    )
    assert needs(summary(retries=4, waited=130.2, reasons=reasons)) == []
