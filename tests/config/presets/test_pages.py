"""Each preset has a page in docs/presets: its configuration works, and it names all tables, columns and choices that there are."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.config.presets.test_statements import statements
from timetable_sync.config.load import load
from timetable_sync.config.presets.catalogue import PRODUCTS, dialect_for
from timetable_sync.config.presets.product import Parameters

PAGES = Path(__file__).resolve().parents[3] / "docs" / "presets"
_REST = """
[calendars]
address = "{{ calendar | slug }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
"""
_ENTRA = """
[entra]
tenant = "t"
client = "c"
certificate = { file = "certificate.pem" }
"""


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def test_there_is_a_page_for_every_preset_and_no_other() -> None:
    assert {path.stem for path in PAGES.iterdir()} == set(PRODUCTS)


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_configuration_of_the_page_can_be_used(tmp_path: Path, name: str) -> None:
    found = re.findall(r"```toml\n(.*?)```", page(name), re.DOTALL)
    assert len(found) == 1
    tables = tomllib.loads(found[0])
    assert tables["timetable"]["preset"] == name
    path = tmp_path / "timetable-sync.toml"
    # A page may say what addresses are to be made of; allowed ones are every site's own.
    calendars = _REST if "calendars" not in tables else 'allow = ["*@groups.example.edu"]\n'
    path.write_text(found[0] + calendars + _ENTRA, "utf-8")
    assert load(path, {}, files=False).settings.timetable.children.keys() >= {"calendars", "staff"}


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_page_names_every_table_that_is_read(name: str) -> None:
    for calendars in PRODUCTS[name].calendars:
        for statement in statements(name, "sqlite", calendars):
            for table in re.findall(r"\b(?:FROM|JOIN) (\w+)", statement):
                assert f"`{table}`" in page(name), table


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_page_names_every_choice_and_every_name_for_templates(name: str) -> None:
    product = PRODUCTS[name]
    timetable = product.timetable(Parameters(dialect_for(product, "sqlite", None), product.calendars[0], "P"))
    placed = {"weekday", "weeks", "start", "end", "duration", "date"}
    wanted = {*product.calendars, *timetable["children"], *timetable["columns"]} - placed
    assert {word for word in wanted if f"`{word}`" not in page(name)} == set()
    assert ("`campus`" in page(name)) == product.has_campus


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_pages_database_is_one_that_the_product_runs_on(name: str) -> None:
    url = re.search(r'url +?= "(\w+)\+', page(name))
    assert url is not None
    assert url[1] in PRODUCTS[name].databases
