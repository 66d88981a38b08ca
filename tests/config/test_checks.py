"""What no single key can tell: names that must fit together, files that must be there. Told beside every other mistake."""

from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, complaint, read, refusal, with_line, written
from timetable_sync.config.column_names import ALWAYS_THERE
from timetable_sync.config.load import load


def test_a_query_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = SHORTEST.replace("SELECT * FROM lesson", "file:sql/timetable.sql")
    said = complaint(tmp_path, text)
    assert said == "timetable-sync.toml:4: timetable.query names sql/timetable.sql, which cannot be read: No such file or directory"
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "timetable.sql").write_text("SELECT 1", "utf-8")
    assert read(tmp_path, text).settings.timetable.query == f"file:{tmp_path}/sql/timetable.sql"


def test_a_blank_after_file_is_no_part_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "timetable.sql").touch()
    text = SHORTEST.replace("SELECT * FROM lesson", "file: timetable.sql")
    assert read(tmp_path, text).settings.timetable.query == f"file:{tmp_path}/timetable.sql"


def test_a_folder_is_no_query(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in complaint(tmp_path, SHORTEST.replace("SELECT * FROM lesson", "file:."))


def test_files_need_not_be_there_where_nobody_looks_for_them(tmp_path: Path) -> None:
    text = SHORTEST.replace("SELECT * FROM lesson", "file:timetable.sql")
    assert load(written(tmp_path, text), {}, files=False).settings.timetable.query.endswith("/timetable.sql")


@pytest.mark.parametrize("section", ["entra", "ews"])
def test_a_ca_bundle_that_is_not_there_is_named(tmp_path: Path, section: str) -> None:
    assert f"{section}.ca_bundle names ca.pem, which cannot be read" in complaint(tmp_path, with_line(section, 'ca_bundle = "ca.pem"'))


def test_a_report_folder_may_be_made_later_but_is_no_file(tmp_path: Path) -> None:
    text = with_line("report", 'directory = "reports"')
    assert read(tmp_path, text).settings.report.directory == tmp_path / "reports"
    (tmp_path / "reports").touch()
    assert "report.directory names reports, which is a file and no folder" in complaint(tmp_path, text)


def test_a_rule_looks_at_columns_that_there_are(tmp_path: Path) -> None:
    rule = "[[event.rules]]\nwhen = { %s = 'Exam' }\n"
    assert read(tmp_path, SHORTEST + rule % "title").settings.event.rules
    for name in ALWAYS_THERE:
        assert read(tmp_path, SHORTEST + rule % name).settings.event.rules
    said = complaint(tmp_path, SHORTEST + rule % "type")
    assert said.endswith("event.rules[1].when.type is not one of the timetable's columns; add it under [timetable.columns]")
    assert complaint(tmp_path, SHORTEST + rule % "tilte").endswith('; did you mean "title"?')


@pytest.mark.parametrize(
    ("key", "only"),
    [
        ("values = ['X']", "cancelled or all_day"),
        ("action = 'mark'", "cancelled"),
        ("unit = 'hours'", "duration, start or end"),
        ("overnight = 'any'", "end"),
        ("monday = 0", "weekday"),
    ],
)
def test_keys_that_mean_nothing_for_a_column_are_refused(tmp_path: Path, key: str, only: str) -> None:
    said = complaint(tmp_path, SHORTEST.replace('title = "module_title"', f"title = {{ column = 'a', {key} }}"))
    assert said.endswith(f"timetable.columns.title.{key.partition(' ')[0]} means something for the column {only} alone")


def test_cross_checks_are_told_beside_mistakes_of_single_keys(tmp_path: Path) -> None:
    text = (
        SHORTEST.replace('end = "ends_at"\n', "")
        .replace('title = "module_title"', "title = 5")
        .replace("SELECT * FROM lesson", "file:x.sql")
    )
    said = refusal(tmp_path, text).message
    assert "timetable.columns lacks end (or duration)" in said
    assert "timetable.columns.title must be" in said
    assert "timetable.query names" in said


def test_the_same_is_never_told_twice(tmp_path: Path) -> None:
    assert "lacks end" in complaint(tmp_path, SHORTEST.replace('end = "ends_at"\n', ""))
