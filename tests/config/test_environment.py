"""The environment overrides any key, and a variable that overrides none is an error."""

from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, complaint, read, refusal, with_line
from timetable_sync.config.environment import variable_of
from timetable_sync.config.schema import fixed_keys
from timetable_sync.config.toml_positions import effective


def test_a_key_that_the_file_sets_is_overridden(tmp_path: Path) -> None:
    loaded = read(tmp_path, environ={"TIMETABLE_SYNC_TIMETABLE__TIME_ZONE": "Australia/Sydney"})
    assert loaded.settings.timetable.time_zone == "Australia/Sydney"
    assert loaded.origins["timetable.time_zone"] == "TIMETABLE_SYNC_TIMETABLE__TIME_ZONE"


def test_a_key_that_the_file_does_not_set_is_set(tmp_path: Path) -> None:
    loaded = read(tmp_path, environ={"TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE": "4", "TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN__SHARE": "5 %"})
    assert loaded.settings.run.calendars_at_once == 4
    assert loaded.settings.guards.deletes_in_run.text() == "5 %, at least 10"


def test_a_value_is_toml_where_that_fits_and_else_text(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        environ={
            "TIMETABLE_SYNC_TIMETABLE__PERIOD": "2026",
            "TIMETABLE_SYNC_ENTRA__CLIENT": "11111111",
            "TIMETABLE_SYNC_EVENT__SUBJECT": '"{{ title }}"',
            "TIMETABLE_SYNC_EVENT__BODY": "{{ title }}",
            "TIMETABLE_SYNC_EVENT__CATEGORIES": '["Timetable", "Term"]',
            "TIMETABLE_SYNC_TIMETABLE__QUERY": "SELECT *\nFROM lesson -- value = 3",
            "TIMETABLE_SYNC_TIMETABLE__COLUMNS__TITLE": "{ column = 'name', many = true }",
        },
    ).settings
    assert (loaded.timetable.period, loaded.application.client) == ("2026", "11111111")
    assert (loaded.event.subject, loaded.event.body) == ("{{ title }}", "{{ title }}")
    assert loaded.event.categories == ["Timetable", "Term"]
    assert loaded.timetable.query == "SELECT *\nFROM lesson -- value = 3"
    assert loaded.timetable.columns["title"].many is True


def test_a_whole_table_may_be_given_and_single_keys_of_it_still_win(tmp_path: Path) -> None:
    environ = {"TIMETABLE_SYNC_WINDOW": '{ future = "10 days", past = "1 day" }', "TIMETABLE_SYNC_WINDOW__FUTURE": "20 days"}
    loaded = read(tmp_path, with_line("window", 'future = "5 days"'), environ)
    assert effective(loaded.settings)["window"] == {"future": "20 days", "past": "1 day"}
    assert loaded.origins["window.past"] == "TIMETABLE_SYNC_WINDOW"
    assert loaded.origins["window.future"] == "TIMETABLE_SYNC_WINDOW__FUTURE"


def test_what_a_text_stands_for_is_kept_when_a_key_beside_it_is_set(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        with_line("guards", 'deletes_in_run = "3 %"'),
        {"TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN__AT_MOST": "50", "TIMETABLE_SYNC_TIMETABLE__COLUMNS__TITLE__SPLIT": ";"},
    )
    assert loaded.settings.guards.deletes_in_run.text() == "3 %, at least 10, at most 50"
    assert loaded.settings.timetable.columns["title"].column == "module_title"
    assert loaded.settings.timetable.columns["title"].split == ";"


def test_another_kind_of_reference_takes_the_place_of_the_files(tmp_path: Path) -> None:
    loaded = read(tmp_path, environ={"TIMETABLE_SYNC_ENTRA__CERTIFICATE__FILE": "/run/secrets/certificate.pem"})
    assert str(loaded.settings.application.certificate) == '{ file = "/run/secrets/certificate.pem" }'


def test_two_references_in_the_environment_are_one_too_many(tmp_path: Path) -> None:
    environ = {"TIMETABLE_SYNC_ENTRA__CERTIFICATE__FILE": "/a", "TIMETABLE_SYNC_ENTRA__CERTIFICATE__ENV": "B"}
    assert "must be exactly one of" in complaint(tmp_path, SHORTEST, environ)


def test_a_secret_in_clear_is_refused_and_not_repeated(tmp_path: Path) -> None:
    said = complaint(tmp_path, SHORTEST, {"TIMETABLE_SYNC_TIMETABLE__PASSWORD": "hunter2"})
    assert said.startswith("TIMETABLE_SYNC_TIMETABLE__PASSWORD: timetable.password must be a reference")
    assert "hunter2" not in said


def test_columns_are_found_whatever_their_case(tmp_path: Path) -> None:
    text = SHORTEST.replace("[calendars]", 'Leader = "module_leader"\n[calendars]')
    columns = read(tmp_path, text, {"TIMETABLE_SYNC_TIMETABLE__COLUMNS__LEADER": "head"}).settings.timetable.columns
    assert columns["Leader"].column == "head"
    assert "leader" not in columns


def test_items_of_a_list_of_tables_count_from_one(tmp_path: Path) -> None:
    text = SHORTEST + '[[event.rules]]\nwhen = { title = "A" }\n[[event.rules]]\nwhen = { title = "B" }\n'
    loaded = read(tmp_path, text, {"TIMETABLE_SYNC_EVENT__RULES__2__REMINDER": "1 day"})
    assert [rule.reminder is not None for rule in loaded.settings.event.rules] == [False, True]
    assert loaded.origins["event.rules[2].reminder"] == "TIMETABLE_SYNC_EVENT__RULES__2__REMINDER"
    assert loaded.origins["event.rules[2].when.title"] == "timetable-sync.toml:21"
    for beyond in ("0", "3", "x", "99999999999999999999"):
        assert "overrides no key" in complaint(tmp_path, text, {f"TIMETABLE_SYNC_EVENT__RULES__{beyond}__REMINDER": "1 day"})


def test_an_empty_variable_takes_the_key_out(tmp_path: Path) -> None:
    loaded = read(tmp_path, with_line("calendars", 'pilot = ["COMP*"]'), {"TIMETABLE_SYNC_CALENDARS__PILOT": ""})
    assert loaded.settings.calendars.pilot is None
    assert loaded.origins["calendars.pilot"] == "default"


def test_an_empty_variable_for_a_key_that_is_needed_leaves_it_missing(tmp_path: Path) -> None:
    assert "entra.tenant is missing" in complaint(tmp_path, SHORTEST, {"TIMETABLE_SYNC_ENTRA__TENANT": ""})


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("TIMETABLE_SYNC_RUN_CALENDARS_AT_ONCE", "TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE"),
        ("TIMETABLE_SYNC_TIMETABEL__URL", "TIMETABLE_SYNC_TIMETABLE__URL"),
        ("TIMETABLE_SYNC_ENTRA__KEY__FIEL", "TIMETABLE_SYNC_ENTRA__KEY__FILE"),
    ],
)
def test_a_misspelt_variable_is_told_its_right_name(tmp_path: Path, variable: str, meant: str) -> None:
    assert complaint(tmp_path, SHORTEST, {variable: "x"}) == f'{variable}: overrides no key; did you mean "{meant}"?'


@pytest.mark.parametrize("variable", ["TIMETABLE_SYNC_", "TIMETABLE_SYNC___", "TIMETABLE_SYNC_QQQ", "TIMETABLE_SYNC_RUN__DEADLINE__X"])
def test_a_variable_that_is_no_key_is_an_error(tmp_path: Path, variable: str) -> None:
    assert f"{variable}: overrides no key" in complaint(tmp_path, SHORTEST, {variable: "x"})


def test_variables_of_our_own_and_of_kubernetes_are_left_alone(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        environ={
            "TIMETABLE_SYNC_CONFIG": "x",
            "TIMETABLE_SYNC_TEST_DATA": "x",
            "TIMETABLE_SYNC_TEST_NIGHTS": "40",
            "TIMETABLE_SYNC_SERVICE_HOST": "10.0.0.11",
            "TIMETABLE_SYNC_SERVICE_PORT_METRICS": "9090",
            "TIMETABLE_SYNC_PORT": "tcp://10.0.0.11:9090",
            "TIMETABLE_SYNC_PORT_9090_TCP_ADDR": "10.0.0.11",
            "PATH": "/usr/bin",
        },
    )
    assert all(not origin.startswith("TIMETABLE_SYNC_") for origin in loaded.origins.values())


def test_a_variable_that_a_secret_is_kept_in_may_have_our_prefix(tmp_path: Path) -> None:
    text = with_line("timetable", 'password = { env = "TIMETABLE_SYNC_DB_PASSWORD" }')
    assert read(tmp_path, text, {"TIMETABLE_SYNC_DB_PASSWORD": "hunter2"}).settings.timetable.password is not None


def test_a_wrong_value_is_placed_at_its_variable(tmp_path: Path) -> None:
    said = complaint(tmp_path, SHORTEST, {"TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE": "many"})
    assert said == 'TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE: run.calendars_at_once must be a whole number, without quotes, not "many"'


def test_a_value_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert (
        complaint(tmp_path, SHORTEST, {"TIMETABLE_SYNC_TIMETABLE__PERIOD": "\udcff"})
        == "TIMETABLE_SYNC_TIMETABLE__PERIOD: is not UTF-8 text"
    )


def test_a_wrong_table_in_the_file_is_still_told_beside_an_override(tmp_path: Path) -> None:
    error = refusal(tmp_path, "window = 5\n" + SHORTEST, {"TIMETABLE_SYNC_WINDOW__FUTURE": "1 day"})
    assert "window must be a table, as in [window], not the number 5" in error.message


def test_every_key_of_the_schema_has_a_variable_that_reaches_it(tmp_path: Path) -> None:
    environ = {variable_of(path): "?" for path in fixed_keys() if len(path) > 1}
    said = refusal(tmp_path, SHORTEST, environ).message
    assert "overrides no key" not in said
    assert "TIMETABLE_SYNC_ENTRA__KEY: entra.key must be a reference" in said
