"""``timetable-sync run``, typed as people type it; only the night itself is made up."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.command_line import CONFIGURATION, Night, typed
from tests.reports import summaries
from timetable_sync.errors import UsageError
from timetable_sync.reports import render
from timetable_sync.reports.summary import RunSummary, Trouble


@pytest.mark.usefixtures("folder")
class TestWhatIsSaid:
    """Facts on standard output, troubles on standard error."""

    def test_an_ordinary_night_is_told_in_four_lines(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run") == 0
        said = capsys.readouterr()
        assert said.out.startswith("Night of 24 Nov 2026, 02:00:04 - 02:03:51   run 318\n")
        assert len(said.out.splitlines()) == 4
        assert said.err == ""

    def test_nothing_is_printed_when_all_is_well_and_quiet_was_asked_for(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        for words in ((), ("--format", "json")):
            assert typed("run", "-q", *words) == 0
        assert capsys.readouterr() == ("", "")

    def test_quiet_does_not_hide_what_needs_a_person(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.summary = summaries.run_held()
        assert typed("run", "-q") == 5
        assert "Needs you" in capsys.readouterr().out

    def test_quiet_does_not_hide_a_warning_of_a_night_that_went_well(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.summary = summaries.summary(needs_you=(Trouble("the certificate expires in 21 days"),))
        assert typed("run", "-q") == 0
        assert "the certificate expires in 21 days" in capsys.readouterr().out

    def test_v_shows_every_change(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run", "-v") == 0
        assert "Room 1.01  ->  Room 3.07" in capsys.readouterr().out

    def test_json_is_the_whole_report(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run", "--format", "json") == 0
        assert json.loads(capsys.readouterr().out)["figures"]["changes"]["total"] == 12

    def test_a_run_that_failed_before_anything_is_one_line_and_its_advice(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.summary = summaries.failed()
        assert typed("run") == 3
        assert capsys.readouterr() == (
            "",
            "timetable-sync: Entra ID refused the certificate (AADSTS700027): no key with this thumbprint is registered\n  Register it.\n",
        )

    def test_a_run_that_failed_on_its_way_tells_both(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.summary = replace(summaries.everything(), failure=Trouble("EWS is switched off", "Switch it on."))
        assert typed("run") == 1
        said = capsys.readouterr()
        assert said.err == "timetable-sync: EWS is switched off\n  Switch it on.\n"
        assert "Needs you" in said.out

    def test_nasty_texts_are_told_without_harm(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.summary = summaries.nasty()
        assert typed("run", "-v") == 1
        said = capsys.readouterr()
        assert "\x1b" not in said.out + said.err


@pytest.mark.usefixtures("folder")
class TestExitCodes:
    """The summary's, and 10 for those who ask."""

    @pytest.mark.parametrize(
        ("name", "code"), [("ordinary", 0), ("quiet", 0), ("everything", 1), ("failed", 3), ("run_held", 5), ("dry", 0)]
    )
    def test_the_exit_code_is_the_summarys(self, name: str, code: int, night: Night) -> None:
        night.summary = getattr(summaries, name)()
        assert typed("run") == code

    def test_a_dry_run_with_changes_exits_with_10_if_asked(self, night: Night) -> None:
        night.summary = summaries.dry()
        assert typed("run", "--dry-run", "--exit-code") == 10

    def test_a_dry_run_without_changes_exits_with_0(self, night: Night) -> None:
        night.summary = replace(summaries.quiet(), dry_run=True)
        assert typed("run", "--dry-run", "--exit-code") == 0

    def test_what_went_wrong_outweighs_that_there_are_changes(self, night: Night) -> None:
        night.summary = replace(summaries.dry(), exit_code=5)
        assert typed("run", "--dry-run", "--exit-code") == 5

    def test_changes_of_calendars_that_are_report_only_do_not_count(self, night: Night) -> None:
        trial = next(report for report in summaries.everything().calendars if report.calendar.name == "TRIAL1")
        night.summary = summaries.summary(trial, dry_run=True)
        assert typed("run", "--dry-run", "--exit-code") == 0

    def test_exit_code_without_dry_run_is_a_mistake(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run", "--exit-code") == 2
        assert "--exit-code goes with --dry-run only" in capsys.readouterr().err
        assert night.requests == []


@pytest.mark.usefixtures("folder")
class TestWhatIsAsked:
    """The command line becomes the request of a night."""

    def test_without_options_it_is_a_night_now_of_all_calendars(self, night: Night) -> None:
        before = datetime.now(UTC)
        typed("run")
        assert before <= night.request.now <= datetime.now(UTC)
        assert (night.request.dry_run, night.request.calendars, night.request.forced) == (False, (), frozenset())

    def test_options_are_handed_on(self, night: Night) -> None:
        guards = ("--force-guard", "deletes_in_run", "--force-guard", "shrunken_timetable")
        typed("run", "--dry-run", "--calendar", "COMP*", "--calendar", "x@y.org", *guards)
        assert night.request.dry_run
        assert night.request.calendars == ("COMP*", "x@y.org")
        assert night.request.forced == {"deletes_in_run", "shrunken_timetable"}

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("2026-11-24T02:00", "2026-11-24T02:00+00:00"),
            ("2026-07-01 02:00", "2026-07-01T01:00+00:00"),
            ("2026-07-01", "2026-06-30T23:00+00:00"),
            ("2026-07-01T02:00:00Z", "2026-07-01T02:00+00:00"),
            ("2026-07-01T02:00+05:30", "2026-06-30T20:30+00:00"),
            ("2026-03-29T01:30", "2026-03-29T01:30+00:00"),  # does not exist: read with the offset before the gap
            ("2026-10-25T01:30", "2026-10-25T00:30+00:00"),  # exists twice: the first
        ],
    )
    def test_a_pretended_time_is_local_unless_it_has_an_offset(self, given: str, meant: str, night: Night) -> None:
        typed("run", "--now", given)
        assert night.request.now == datetime.fromisoformat(meant)
        assert night.request.now.tzinfo is UTC

    @pytest.mark.parametrize("given", ["tomorrow", "24.11.2026", "", "0001-01-01T00:00+14:00"])
    def test_what_is_no_time_is_said_to_be_none(self, given: str, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run", "--now", given) == 2
        assert f'--now: "{given}" is not a time' in capsys.readouterr().err
        assert night.requests == []

    def test_a_misspelt_guard_is_named_with_the_nearest(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run", "--force-guard", "delete_in_calendar") == 2
        assert 'Did you mean "deletes_in_calendar"?' in capsys.readouterr().err
        assert night.requests == []

    def test_an_empty_timetable_cannot_be_forced(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        assert typed("run", "--force-guard", "empty_timetable") == 2
        assert "never meant" in capsys.readouterr().err

    def test_the_configuration_is_the_one_given(self, night: Night, folder: Path) -> None:
        other = folder / "other.toml"
        other.write_text(CONFIGURATION.replace("Europe/London", "Europe/Prague"))
        typed("run", "--config", other)
        assert night.loaded[0].settings.timetable.time_zone == "Europe/Prague"


class TestWithoutAConfiguration:
    """Nothing runs."""

    def test_no_configuration_is_one_line_and_what_to_do(
        self, night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert typed("run", "--config", "nowhere.toml") == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert re.fullmatch(r"timetable-sync: --config: .*nowhere\.toml.*\n  .*timetable-sync config example.*\n", said.err)
        assert night.requests == []

    def test_a_misspelt_key_is_named(self, night: Night, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "timetable-sync.toml").write_text(CONFIGURATION.replace("tenant", "tennant"))
        assert typed("run") == 2
        assert "tennant" in capsys.readouterr().err
        assert night.requests == []


class TestReports:
    """Files asked for, and files kept."""

    def test_every_report_asked_for_is_written(self, night: Night, folder: Path) -> None:
        names = ["a.html", "a.json", "a.md", "a.txt"]
        assert typed("run", *(word for name in names for word in ("--report", name))) == 0
        for name in names:
            assert (folder / name).read_text("utf-8") == render.render(night.summary, render.kind_of(Path(name)))

    def test_a_report_is_written_of_a_run_that_failed(self, night: Night, folder: Path) -> None:
        night.summary = summaries.failed()
        assert typed("run", "--report", "a.json") == 3
        assert json.loads((folder / "a.json").read_text())["failure"]["advice"] == "Register it."

    @pytest.mark.parametrize("name", ["plan.pdf", "nowhere/plan.html"])
    def test_a_report_that_cannot_be_written_is_told_before_the_run(
        self, name: str, night: Night, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert typed("run", "--report", "good.html", "--report", name) == 2
        assert capsys.readouterr().err.startswith(f"timetable-sync: a report cannot be written to {name}: ")
        assert night.requests == []
        assert not (folder / "good.html").exists()

    def test_a_report_that_fails_afterwards_stops_no_other_and_is_told(
        self, night: Night, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(summary: RunSummary, path: Path) -> None:
            if path.name == "bad.html":
                raise OSError(28, "No space left on device")
            render.write_report(summary, path)

        monkeypatch.setattr("timetable_sync.cli.run.write_report", full)
        assert typed("run", "--report", "bad.html", "--report", "good.html") == 1
        said = capsys.readouterr()
        assert "the report could not be written to bad.html: No space left on device" in said.err
        assert said.out.startswith("Night of")
        assert (folder / "good.html").exists()

    def test_reports_are_kept_where_the_configuration_says_and_old_ones_removed(self, night: Night, folder: Path) -> None:
        (folder / "timetable-sync.toml").write_text(CONFIGURATION + '[report]\ndirectory = "kept"\nkeep = "10 days"\n')
        (folder / "kept").mkdir()
        old, other = folder / "kept" / "timetable_2020-01-01_02-00-00_run-1.html", folder / "kept" / "notes.html"
        for file in (old, other):
            file.write_text("old")
            moment = (datetime.now(UTC) - timedelta(days=11)).timestamp()
            os.utime(file, (moment, moment))
        assert typed("run") == 0
        assert sorted(path.name for path in (folder / "kept").iterdir()) == [
            "notes.html",
            "timetable_2026-11-24_02-00-04_run-318.html",
            "timetable_2026-11-24_02-00-04_run-318.json",
        ]

    def test_a_dry_run_leaves_nothing_in_the_kept_reports(self, night: Night, folder: Path) -> None:
        (folder / "timetable-sync.toml").write_text(CONFIGURATION + '[report]\ndirectory = "kept"\n')
        night.summary = summaries.dry()
        assert typed("run", "--dry-run") == 0
        assert not (folder / "kept").exists()

    def test_a_folder_for_kept_reports_that_cannot_be_made_is_told_before_the_run(
        self, night: Night, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "file").write_text("")
        (folder / "timetable-sync.toml").write_text(CONFIGURATION + '[report]\ndirectory = "file/kept"\n')
        assert typed("run") == 2
        assert "report.directory" in capsys.readouterr().err
        assert night.requests == []


@pytest.mark.usefixtures("folder")
class TestWhatGoesWrong:
    """No traceback, no secret, whatever happens."""

    def test_an_error_of_ours_is_its_message_and_advice(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.error = UsageError("the window reaches beyond any calendar", "Make window.future smaller.")
        assert typed("run") == 2
        assert capsys.readouterr() == ("", "timetable-sync: the window reaches beyond any calendar\n  Make window.future smaller.\n")

    def test_an_unexpected_error_is_one_line_that_calls_it_a_mistake_of_ours(
        self, night: Night, capsys: pytest.CaptureFixture[str]
    ) -> None:
        night.error = KeyError("left out")
        assert typed("run") == 1
        said = capsys.readouterr()
        assert said.err.startswith("timetable-sync: unexpected KeyError: 'left out'\n  This is a mistake in timetable-sync")
        assert "Traceback" not in said.err

    def test_its_traceback_is_in_the_log_for_those_who_ask(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.error = KeyError("left out")
        assert typed("run", "-vv") == 1
        assert "Traceback (most recent call last)" in capsys.readouterr().err

    @pytest.mark.parametrize("words", [(), ("-vvv",), ("-vvv", "--log-format", "json")])
    def test_an_unexpected_error_carries_no_secret(self, words: tuple[str, ...], night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.error = RuntimeError("cannot connect to postgresql://reader:hunter2@db/x with password='hunter2'")
        assert typed("run", *words) == 1
        said = capsys.readouterr()
        assert "hunter2" not in said.out + said.err
        assert "[redacted]" in said.err

    def test_the_log_is_json_if_asked(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.error = KeyError("left out")
        typed("run", "-vv", "--log-format", "json")
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        assert [json.loads(line)["level"] for line in lines] == ["debug"]

    def test_ctrl_c_outside_the_night_is_said_plainly(self, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
        night.error = KeyboardInterrupt()
        assert typed("run") == 130
        assert capsys.readouterr().err == "timetable-sync: interrupted\n"


def test_the_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("run", "--help") == 0
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "0 done, 1 some calendars or events failed, 2 usage or configuration" in said
    assert "Example: timetable-sync run --dry-run --report plan.html" in said
