"""A preset fills in what [timetable] leaves out, and lets stand what it says."""

from pathlib import Path

import pytest

from timetable_sync.config.errors import ConfigurationError
from timetable_sync.config.load import Loaded, load
from timetable_sync.config.presets.catalogue import PRODUCTS
from timetable_sync.config.sections.preset import Preset

REST = """
[calendars]
address = "{{ calendar | slug }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[entra]
tenant = "00000000-0000-0000-0000-000000000000"
client = "11111111-1111-1111-1111-111111111111"
certificate = { file = "certificate.pem" }
"""


CHOICES = '"celcat", "cmis", "syllabusplus" or "unitime"'


def loaded(folder: Path, preset: str, more: str = "", url: str = "sqlite:///timetable.db", period: str = "LIVE-26-27") -> Loaded:
    path = folder / "timetable-sync.toml"
    head = f'[timetable]\nurl = "{url}"\ntime_zone = "Europe/London"\nperiod = "{period}"\npreset = {preset}\n'
    path.write_text(head + more + REST, "utf-8")
    return load(path, {}, files=False)


def problems(folder: Path, preset: str, more: str = "", period: str = "LIVE-26-27") -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        loaded(folder, preset, more, period=period)
    return [problem.line(folder / "timetable-sync.toml") for problem in refused.value.problems]


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_name_is_enough(tmp_path: Path, name: str) -> None:
    timetable = loaded(tmp_path, f'"{name}"').settings.timetable

    assert timetable.query.startswith("SELECT ")
    assert {"activity", "start", "title"} <= timetable.columns.keys()
    assert "calendars" in timetable.children


def test_the_names_of_the_catalogue_are_those_of_the_schema() -> None:
    assert set(PRODUCTS) == set(Preset.model_fields["name"].annotation.__args__)  # type: ignore[union-attr]  # a Literal


def test_what_the_configuration_says_stands_in_the_place_of_what_the_preset_gives(tmp_path: Path) -> None:
    said = """
[timetable.columns]
weekday = { column = "day_no", monday = 0 }
capacity = "capacity"
[timetable.children.rooms]
query = "SELECT 1 AS slot_id, 'R1' AS item"
key = "slot_id"
value = "item"
"""
    read = loaded(tmp_path, '"cmis"', said)
    timetable = read.settings.timetable

    assert timetable.columns["weekday"].monday == 0
    assert timetable.columns["capacity"].column == "capacity"
    assert timetable.columns["activity"].column == "slot_id"
    assert timetable.children["rooms"].query.startswith("SELECT 1")
    assert "LECTURER" in timetable.children["staff"].query
    assert read.origins["timetable.columns.weekday.monday"] == "timetable-sync.toml:8"
    assert read.origins["timetable.columns.activity.column"] == "preset cmis"
    assert read.origins["timetable.query"] == "preset cmis"


def test_an_axis_of_ones_own_is_not_mixed_with_the_presets(tmp_path: Path) -> None:
    weeks = loaded(tmp_path, '"celcat"', '[timetable.weeks]\naxis = { first = "2026-09-21" }\n').settings.timetable.weeks

    assert weeks is not None
    assert weeks.axis is not None
    assert (weeks.form, weeks.axis.query, str(weeks.axis.first)) == ("flags", None, "2026-09-21")


def test_a_schema_stands_before_every_table_and_syllabus_plus_has_its_own_on_its_own_databases(tmp_path: Path) -> None:
    queries = {
        name: [timetable.query, *(child.query for child in timetable.children.values())]
        for name, timetable in {
            "given": loaded(tmp_path, '{ name = "celcat", in_schema = "timetables.dbo" }').settings.timetable,
            "usual": loaded(tmp_path, '"syllabusplus"', url="mssql+pyodbc://reader@db/splus").settings.timetable,
            "none": loaded(tmp_path, '"syllabusplus"').settings.timetable,
        }.items()
    }

    assert all(" timetables.dbo.CT_" in query for query in queries["given"])
    assert all(" rdowner.V_" in query for query in queries["usual"])
    assert not any("rdowner" in query for query in queries["none"])


@pytest.mark.parametrize(
    ("name", "calendars", "wanted"),
    [
        ("celcat", "modules", "CT_EVENT_MODULE"),
        ("celcat", "staff", "CT_EVENT_STAFF"),
        ("cmis", "rooms", "t.ROOMID AS item"),
        ("syllabusplus", "rooms", "V_ACTIVITY_LOCATION"),
        ("unitime", "staff", "di.external_uid"),
    ],
)
def test_what_becomes_a_calendar_is_for_the_site_to_say(tmp_path: Path, name: str, calendars: str, wanted: str) -> None:
    timetable = loaded(tmp_path, f'{{ name = "{name}", calendars = "{calendars}" }}').settings.timetable

    assert wanted in timetable.children["calendars"].query


def test_a_period_is_quoted_and_nothing_else_of_it_reaches_the_database(tmp_path: Path) -> None:
    timetable = loaded(tmp_path, '"cmis"', period="it's' OR 1=1").settings.timetable

    assert "= 'it''s'' OR 1=1'" in timetable.query


def test_unitime_reads_one_term_and_campus_where_they_are_named(tmp_path: Path) -> None:
    one = loaded(tmp_path, '{ name = "unitime", campus = "PWL" }', period="2010 Fal").settings.timetable
    every = loaded(tmp_path, '"unitime"', period="").settings.timetable

    assert "= '2010 Fal' AND se.academic_initiative = 'PWL'" in one.query
    assert "WHERE" not in every.query


def test_texts_are_joined_and_flags_asked_for_as_each_database_has_it(tmp_path: Path) -> None:
    def query(url: str) -> str:
        return loaded(tmp_path, '"unitime"', url=url).settings.timetable.query

    assert "CONCAT(se.academic_year, ' ', se.academic_term)" in query("mysql+pymysql://reader@db/timetable")
    assert "CONCAT(" in query("mariadb+pymysql://reader@db/timetable")
    assert "se.academic_year || ' ' || se.academic_term" in query("postgresql+psycopg://reader@db/timetable")
    assert "AND co.is_control\n" in query("postgresql+psycopg://reader@db/timetable")
    assert "AND co.is_control = 1\n" in query("oracle+oracledb://reader@db/timetable")


def test_mistakes_are_named_with_their_place(tmp_path: Path) -> None:
    assert problems(tmp_path, '{ name = "celcat", calendars = "gruops", campus = "x", in_schema = "a;b" }') == [
        'line 5: timetable.preset.calendars must be "groups", "modules", "rooms" or "staff" for the preset celcat, not "gruops"',
        "line 5: timetable.preset.campus means nothing for the preset celcat",
        'line 5: timetable.preset.in_schema must be a schema\'s name, as in "dbo" or "timetable.dbo"',
    ]
    assert problems(tmp_path, '"cmis"', period="") == [
        "line 5: timetable.preset cmis needs timetable.period: the set (SETID) that is read, as in LIVE-26-27"
    ]
    assert (
        'line 5: timetable.preset must be "celcat", "cmis", "syllabusplus" or "unitime", not "celcta"; did you mean "celcat"?'
        in problems(tmp_path, '"celcta"')
    )


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("calendars", ["rooms", "staff"])
def test_where_rooms_or_staff_are_calendars_a_lesson_may_have_none(tmp_path: Path, name: str, calendars: str) -> None:
    read = loaded(tmp_path, f'{{ name = "{name}", calendars = "{calendars}" }}')

    assert read.settings.calendars.lessons_without == "skip_unnamed"
    assert read.origins["calendars.lessons_without"] == f"preset {name}"


@pytest.mark.parametrize("name", PRODUCTS)
def test_where_groups_modules_or_courses_are_calendars_a_lesson_without_one_is_a_mistake(tmp_path: Path, name: str) -> None:
    for calendars in set(PRODUCTS[name].calendars) - {"rooms", "staff"}:
        read = loaded(tmp_path, f'{{ name = "{name}", calendars = "{calendars}" }}')
        assert read.settings.calendars.lessons_without == "set_aside"


def test_what_the_configuration_says_of_lessons_without_a_calendar_stands(tmp_path: Path) -> None:
    rest = 'lessons_without = "set_aside"\n'
    path = tmp_path / "timetable-sync.toml"
    loaded(tmp_path, '{ name = "celcat", calendars = "rooms" }')
    path.write_text(path.read_text("utf-8").replace("[entra]", f"{rest}[entra]"), "utf-8")

    assert load(path, {}, files=False).settings.calendars.lessons_without == "set_aside"


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (
            '"celcatt"',
            'line 5: timetable.preset must be "celcat", "cmis", "syllabusplus" or "unitime", not "celcatt"; did you mean "celcat"?',
        ),
        (
            '{ name = "celcatt", calendars = "rooms" }',
            'line 5: timetable.preset.name must be "celcat", "cmis", "syllabusplus" or "unitime"',
        ),
        ('{ nam = "celcat" }', 'line 5: timetable.preset.nam is not a key; did you mean "name"?'),
        ('{ calendars = "rooms" }', "line 5: timetable.preset.name is missing"),
        ("5", "line 5: timetable.preset must be text in quotes, or a table, as in { name = … }, not the number 5"),
    ],
)
@pytest.mark.parametrize(
    "more",
    [
        "",
        '[timetable.columns]\nweekday = { column = "day_no", monday = 0 }\n',
        '[timetable.children.sites]\nquery = "SELECT 1 AS id, 2 AS site, 3 AS weeks"\nkey = "id"\nvalue = "site"\nweeks = "weeks"\n',
        '[[event.rules]]\nwhen = { modules = "COMP*" }\nbusy = "free"\n',
    ],
    ids=["alone", "a column of one's own", "a child query", "a rule"],
)
def test_of_a_misspelt_preset_nothing_that_it_would_give_is_called_missing(tmp_path: Path, preset: str, said: str, more: str) -> None:
    (only,) = problems(tmp_path, preset, more)

    assert only.startswith(said)


def test_what_is_wrong_elsewhere_is_said_beside_a_misspelt_preset(tmp_path: Path) -> None:
    found = problems(tmp_path, '"celcatt"', '[timetable.columns]\ntitle = { column = "t", values = ["X"] }\n[run]\nfuture = "1 day"\n')

    assert [line.partition(" ")[2].split()[1] for line in found] == ["timetable.preset", "timetable.columns.title.values", "run.future"]
