"""The configuration is found in its places, read as it stands, with all that is wrong said at once; relative paths start at its folder."""

import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.config.configuration import SHORTEST, complaint, read, refusal, with_line, written
from timetable_sync.config import load as loading
from timetable_sync.config.errors import ConfigurationError
from timetable_sync.config.load import find_configuration, load
from timetable_sync.errors import UsageError

SECRET = "hunter2"


def test_what_is_given_comes_first(tmp_path: Path) -> None:
    written(tmp_path)
    given = tmp_path / "other.toml"
    given.touch()
    assert find_configuration(given, {"TIMETABLE_SYNC_CONFIG": str(tmp_path / "timetable-sync.toml")}, tmp_path) == given


def test_then_the_environment_then_the_working_folder_then_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, named, system = tmp_path / "here", tmp_path / "named.toml", tmp_path / "etc.toml"
    here.mkdir()
    monkeypatch.setattr(loading, "SYSTEM_FILE", system)
    system.touch()
    assert find_configuration(None, {}, here) == system
    written(here)
    assert find_configuration(None, {"TIMETABLE_SYNC_CONFIG": ""}, here) == here / "timetable-sync.toml"
    named.touch()
    assert find_configuration(None, {"TIMETABLE_SYNC_CONFIG": str(named)}, here) == named


def test_a_relative_path_starts_where_the_command_is_typed(tmp_path: Path) -> None:
    written(tmp_path)
    assert find_configuration(Path("timetable-sync.toml"), {}, tmp_path) == tmp_path / "timetable-sync.toml"


def test_a_file_that_is_named_but_not_there_is_not_passed_over(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(ConfigurationError, match=r"--config: there is no file .*/none.toml"):
        find_configuration(Path("none.toml"), {}, tmp_path)
    with pytest.raises(ConfigurationError, match=r"TIMETABLE_SYNC_CONFIG: there is no file .*/none.toml"):
        find_configuration(None, {"TIMETABLE_SYNC_CONFIG": "none.toml"}, tmp_path)
    with pytest.raises(ConfigurationError, match="there is no file"):
        find_configuration(tmp_path, {}, tmp_path)


def test_without_any_the_places_are_named_and_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "SYSTEM_FILE", tmp_path / "none.toml")
    with pytest.raises(ConfigurationError) as caught:
        find_configuration(None, {}, tmp_path)
    assert isinstance(caught.value, UsageError)
    assert caught.value.exit_code == 2
    for place in ("--config", "TIMETABLE_SYNC_CONFIG", "./timetable-sync.toml", f"{tmp_path}/none.toml"):
        assert place in caught.value.message
    assert "timetable-sync config example" in caught.value.advice


def test_a_pipe_will_do_as_well(tmp_path: Path) -> None:
    readable, writable = os.pipe()
    os.write(writable, SHORTEST.encode())
    os.close(writable)
    try:
        path = find_configuration(Path(f"/dev/fd/{readable}"), {}, tmp_path)
        assert load(path, {}).settings.application.tenant.startswith("0000")
    finally:
        os.close(readable)


def test_the_shortest_useful_file_is_enough(tmp_path: Path) -> None:
    loaded = read(tmp_path)
    settings = loaded.settings
    assert loaded.base == tmp_path
    assert settings.timetable.columns["title"].column == "module_title"
    assert settings.application.key is None
    assert settings.guards.deletes_in_calendar.text() == "30 %, at least 5"
    assert (settings.run.calendars_at_once, settings.ews.batch) == (8, 50)


def test_each_value_says_where_it_came_from(tmp_path: Path) -> None:
    origins = read(tmp_path, with_line("timetable", 'password = { env = "DB" }')).origins
    assert origins["timetable.password.env"] == "timetable-sync.toml:2"
    assert origins["timetable.url"] == "timetable-sync.toml:3"
    assert origins["timetable.columns.start.column"] == "timetable-sync.toml:9"
    assert origins["timetable.columns.start.many"] == "default"
    assert origins["calendars.allow"] == "timetable-sync.toml:14"
    assert origins["run.deadline"] == "default"


def test_a_mark_before_the_text_as_windows_editors_write_it_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "timetable-sync.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHORTEST.replace("\n", "\r\n").encode())
    assert load(path, {}).origins["timetable.url"] == "timetable-sync.toml:2"


def test_other_encodings_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "timetable-sync.toml"
    path.write_bytes(SHORTEST.encode("utf-16"))
    with pytest.raises(ConfigurationError, match=r"is not UTF-8 text \(line 1\)"):
        load(path, {})
    path.write_bytes(b"# a\n# Universit\xe9\n")
    with pytest.raises(ConfigurationError, match=r"is not UTF-8 text \(line 2\)"):
        load(path, {})


def test_a_file_that_cannot_be_read_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none.toml cannot be read: No such file or directory$"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"password = {SECRET}", "line 2, column 12: what stands after = is no value; text needs quotes"),
        (f'password = "{SECRET}', "the quotes that begin a text are not closed on its line"),
        (f"password {SECRET}", "a key must be followed by ="),
        (f'password = "a" {SECRET}', "something stands after the value; text needs quotes around all of it"),
        ("= 5", 'this is neither [table] nor key = "value"'),
        ('url = "sqlite:///other.db"', "this key stands here twice"),
        ("x = " + "[" * 100_000, "is nested too deeply"),
        ("x = " + "9" * 5_000, "a number in it is too long"),
        ("x = [1, 2", "this is not TOML"),
        ("[timetable", "this is not TOML"),
    ],
)
def test_what_is_no_toml_is_said_in_plain_words_with_line_and_column(tmp_path: Path, line: str, said: str) -> None:
    message = complaint(tmp_path, SHORTEST.replace("[timetable]\n", f"[timetable]\n{line}\n"))
    assert said.replace("line 2, ", "") in message
    assert SECRET not in message
    assert "\n" not in message


@pytest.mark.parametrize("depth", [50, 150, 200, 240, 280, 320, 400, 450])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ("{ a = ", "}")])
def test_what_tomllib_just_bears_is_no_traceback_either(tmp_path: Path, depth: int, opened: str, closed: str) -> None:
    said = complaint(tmp_path, with_line("run", f"x = {opened * depth}1{closed * depth}"))
    assert "run.x is not a key" in said or "nested too deeply" in said


def test_the_line_of_what_is_no_toml_is_told(tmp_path: Path) -> None:
    said = complaint(tmp_path, "[timetable]\nurl = no\n")
    assert said == "timetable-sync.toml:2: this is not TOML, column 7: what stands after = is no value; text needs quotes"
    assert complaint(tmp_path, '[timetable]\nurl = "x').startswith("timetable-sync.toml:2: this is not TOML, at its end")


def test_an_empty_file_lacks_the_three_sections_that_are_needed(tmp_path: Path) -> None:
    said = refusal(tmp_path, "").message
    assert "the section [timetable] is missing; it needs url, time_zone, query, columns" in said
    assert "the section [calendars] is missing; it needs address, allow" in said
    assert "entra is missing: add it with tenant, client and certificate; or, on premises, set ews.sign_in" in said


def test_one_problem_is_one_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, with_line("run", "calendars_at_once = 100"))
    assert error.message == f"{tmp_path}/timetable-sync.toml:19: run.calendars_at_once must be at most 64, not 100"
    assert error.problems[0].key == "run.calendars_at_once"
    assert error.problems[0].place == f"{tmp_path}/timetable-sync.toml:19"


def test_all_problems_are_told_at_once_by_their_lines_and_those_of_the_environment_last(tmp_path: Path) -> None:
    text = SHORTEST.replace('start = "starts_at"', 'strat = "starts_at"').replace('time_zone = "Europe/London"', 'time_zone = "London"')
    text = text.replace("[calendars]", "[calenders]") + '[[event.rules]]\nwhen = { titel = "x" }\n[ews]\nbatch = 0\n'
    said = refusal(tmp_path, text, {"TIMETABLE_SYNC_RUN__DEADLINE": "3"}).message
    assert said.splitlines() == [
        f"6 problems in {tmp_path}/timetable-sync.toml:",
        '  line 3: timetable.time_zone must be an IANA time zone; did you mean "Europe/London"?',
        '  line 5: timetable.columns lacks start; is that "strat"?',
        '  line 11: calenders is not a section; did you mean "calendars"?',
        '  line 19: event.rules[1].when.titel is not one of the timetable\'s columns; did you mean "title"?',
        "  line 21: ews.batch must be at least 1, not 0",
        '  TIMETABLE_SYNC_RUN__DEADLINE: run.deadline must be a duration in quotes with its unit, as in "3 hours"',
    ]


@pytest.mark.parametrize(
    "line",
    [
        f'password = "{SECRET}"',
        f'pasword = "{SECRET}"',
        f'password = ["{SECRET}"]',
        f'password = {{ value = "{SECRET}" }}',
        f'password = {{ env = "{SECRET} !" }}',
        f'password = {{ env = ["{SECRET}"] }}',
        f'password.file = "a"\npassword.env = "{SECRET}"',
        f'source = {{ password = "{SECRET}" }}',
    ],
)
def test_a_secret_that_stands_there_in_clear_is_never_repeated(tmp_path: Path, line: str) -> None:
    error = refusal(tmp_path, with_line("timetable", line))
    assert SECRET not in f"{error!r} {error} {error.message} {error.advice} {error.problems}"
    assert error.__context__ is None, "pydantic's error holds what was read"


@pytest.mark.parametrize("url", [f"postgresql://u:{SECRET}@db/x", f"postgresql://u:{SECRET}@db:port/x", f"x?password={SECRET}"])
def test_nor_is_one_in_a_url(tmp_path: Path, url: str) -> None:
    assert SECRET not in complaint(tmp_path, SHORTEST.replace("sqlite:///timetable.db", url))
    assert SECRET not in complaint(tmp_path, with_line("state", f'url = "{url}"'))
    assert SECRET not in complaint(tmp_path, with_line("state", f'url = ["{url}"]'))


def test_keys_that_would_break_a_terminal_are_escaped(tmp_path: Path) -> None:
    said = complaint(tmp_path, SHORTEST + '"a\\u001b[31m\\nb\\u202e" = 1\n')
    assert said.isprintable()


def test_every_path_starts_at_the_configurations_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    for name in ("timetable.sql", "ca.pem"):
        (folder / name).touch()
    text = with_line("timetable", "password = { file = 'secrets/db' }").replace("SELECT * FROM lesson", "file:timetable.sql")
    text += "[ews]\nca_bundle = 'ca.pem'\n[report]\ndirectory = 'reports'\n[state]\nurl = 'sqlite:///state.db'\n"
    monkeypatch.chdir(tmp_path)
    settings = read(Path("etc"), text, {"TIMETABLE_SYNC_ENTRA__KEY__FILE": "../key.pem"}).settings
    assert settings.timetable.password is not None
    assert settings.timetable.password.file == folder / "secrets/db"
    assert settings.timetable.query == f"file:{folder}/timetable.sql"
    assert settings.timetable.url == f"sqlite:///{folder}/timetable.db"
    assert settings.state.url == f"sqlite:///{folder}/state.db"
    assert settings.ews.ca_bundle == folder / "ca.pem"
    assert settings.report.directory == folder / "reports"
    assert settings.application.key is not None
    assert settings.application.key.file == folder / "../key.pem"


def test_whole_paths_stay(tmp_path: Path) -> None:
    text = SHORTEST.replace("sqlite:///timetable.db", "sqlite:////srv/timetable.db") + "[report]\ndirectory = '/var/reports'\n"
    settings = read(tmp_path, text).settings
    assert settings.timetable.url == "sqlite:////srv/timetable.db"
    assert settings.report.directory == Path("/var/reports")


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://reader@db/timetable?sslmode=require", "sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"],
)
def test_what_is_no_file_stays(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, SHORTEST.replace("sqlite:///timetable.db", url)).settings.timetable.url == url


@pytest.mark.parametrize("name", ["timetable.db", "a b/t%3f#ä.db"])
@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///file:{}?mode=ro&uri=true"])
def test_the_database_that_is_meant_is_the_one_that_is_opened(tmp_path: Path, name: str, form: str) -> None:
    folder = tmp_path / "odd #1 100%"
    file = folder / name
    file.parent.mkdir(parents=True)
    sqlite3.connect(file).executescript("CREATE TABLE here (n); INSERT INTO here VALUES (7)")
    given = name.replace("%", "%25").replace("#", "%23") if "uri=true" in form else name
    settings = read(folder, SHORTEST.replace("sqlite:///timetable.db", form.format(given))).settings
    engine = sa.create_engine(settings.timetable.url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT n FROM here")) == 7
    engine.dispose()


def test_a_link_to_the_configuration_keeps_its_own_folder(tmp_path: Path) -> None:
    # Kubernetes mounts a configuration as a link into a folder with another name.
    data = tmp_path / "..data"
    data.mkdir()
    (data / "timetable-sync.toml").write_text(SHORTEST, "utf-8")
    (tmp_path / "timetable-sync.toml").symlink_to(data / "timetable-sync.toml")
    assert read(tmp_path).base == tmp_path
