"""``preset list`` and ``preset show``, as they are typed: what is printed is a configuration that works."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import typed
from timetable_sync.config.load import load
from timetable_sync.config.presets.catalogue import PRODUCTS
from timetable_sync.config.presets.product import DATABASES


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert typed(*words) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_list_names_every_product_with_its_databases_and_choices(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "preset", "list")
    facts = json.loads(printed(capsys, "timetable", "preset", "list", "--format", "json"))

    assert facts["schema"] == 1
    assert [preset["name"] for preset in facts["presets"]] == list(PRODUCTS)
    for name, product in PRODUCTS.items():
        assert f"\n{name} " in f"\n{text}"
        assert f"calendars: {', '.join(product.calendars)}\n" in text


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("name", PRODUCTS)
def test_what_show_prints_is_a_configuration_that_says_what_the_preset_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, database: str
) -> None:
    text = printed(capsys, "timetable", "preset", "show", name, "--database", database, "--period", "2026/27")
    whole = tmp_path / "whole.toml"
    whole.write_text(text, "utf-8")
    short = tmp_path / "short.toml"
    url = next(line for line in text.splitlines() if line.startswith("url "))
    rest = text[text.index("[calendars]") :]
    short.write_text(f'[timetable]\n{url}\ntime_zone = "Europe/London"\nperiod = "2026/27"\npreset = "{name}"\n{rest}', "utf-8")

    printed_out, by_name = (load(path, {}, files=False).settings.timetable for path in (whole, short))

    assert printed_out.preset is None
    assert (printed_out.url, printed_out.query.strip()) == (by_name.url, by_name.query)
    assert (printed_out.columns, printed_out.weeks) == (by_name.columns, by_name.weeks)
    assert {
        child: settings.model_copy(update={"query": settings.query.strip()}) for child, settings in printed_out.children.items()
    } == by_name.children


@pytest.mark.parametrize("name", PRODUCTS)
def test_where_a_lesson_may_have_no_room_what_is_printed_says_so_too(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    for calendars in PRODUCTS[name].calendars:
        path = tmp_path / f"{calendars}.toml"
        path.write_text(printed(capsys, "preset", "show", name, "--calendars", calendars), "utf-8")

        rules = load(path, {}, files=False).settings.calendars

        assert rules.lessons_without == ("skip_unnamed" if calendars in ("rooms", "staff") else "set_aside")


def test_the_parameters_stand_in_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "preset", "show", "CELCAT", "--in-schema", "dbo", "--calendars", "modules", "--period", "2027/28")

    assert 'period    = "2027/28"' in text
    assert "# Each module is a calendar." in text
    assert " FROM dbo.CT_EVENT e" in text
    assert 'url       = "mssql+pymssql://' in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("celcta",), 'there is no preset "celcta"; did you mean "celcat"?'),
        (("celcat", "--database", "orcale"), '--database: "orcale" is none; did you mean "oracle"?'),
        (("unitime", "--calendars", "groups"), '--calendars: "groups" is none'),
        (("celcat", "--in-schema", "a b"), "--in-schema must be a schema's name"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    assert typed("preset", "show", *words) == 2
    assert capsys.readouterr().err.startswith(f"timetable-sync: {said}")


def test_config_check_names_the_preset(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "timetable-sync.toml"
    text = printed(capsys, "preset", "show", "unitime")
    path.write_text(
        '[timetable]\nurl = "sqlite:///timetable.db"\ntime_zone = "Europe/London"\npreset = "unitime"\n'
        + text[text.index("[calendars]") :],
        "utf-8",
    )

    assert "preset unitime, 10 columns" in printed(capsys, "config", "check", "--no-files", "--config", str(path))
