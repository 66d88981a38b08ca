"""Puts a preset in force: fills in what is left out, and lets stand what is said. Works on tables as they were read. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from timetable_sync.config.errors import Problem
from timetable_sync.config.presets.catalogue import PRODUCTS, dialect_for
from timetable_sync.config.presets.product import MAY_LACK, Parameters, Product
from timetable_sync.config.schema import KeyPath
from timetable_sync.config.toml_positions import Places, dotted

_AT: KeyPath = ("timetable", "preset")

#: Needed, and given by every preset.
GIVEN: frozenset[KeyPath] = frozenset({("timetable", "query"), ("timetable", "columns")})


def apply_preset(tables: dict[str, Any], places: Places) -> list[Problem]:
    """Fill ``tables`` in, and tell ``places`` what came from the preset. Gives what is wrong with its parameters.

    What is not even a preset's form is left for the schema to name.
    """
    timetable = tables.get("timetable")
    product, preset = _chosen(timetable)
    if product is None or not isinstance(timetable, dict):
        return []
    problems = [Problem(places.of((*_AT, *path)), what, dotted((*_AT, *path))) for path, what in _faults(product, preset, timetable)]
    calendars, schema = preset.get("calendars"), preset.get("in_schema")
    parameters = Parameters(
        dialect_for(product, _database(timetable.get("url")), schema if isinstance(schema, str) else None),
        calendars if calendars in product.calendars else product.calendars[0],
        _text(timetable.get("period")),
        _text(preset.get("campus")),
    )
    for path in _filled(timetable, product.timetable(parameters), ()):
        places.set_by(("timetable", *path), f"preset {product.name}")
    rules = tables.get("calendars")
    if parameters.calendars in MAY_LACK and isinstance(rules, dict) and "lessons_without" not in rules:
        rules["lessons_without"] = "skip_unnamed"
        places.set_by(("calendars", "lessons_without"), f"preset {product.name}")
    return problems


def preset_unknown(tables: Mapping[str, Any]) -> bool:
    """Whether a preset is named that is none: what it was to give is then not known, and nothing that it gives is missing."""
    timetable = tables.get("timetable")
    return isinstance(timetable, Mapping) and "preset" in timetable and _chosen(timetable)[0] is None


def _chosen(timetable: object) -> tuple[Product | None, Mapping[str, Any]]:
    """The product, if there is one of that name, and the preset as a table."""
    given = timetable.get("preset") if isinstance(timetable, Mapping) else None
    preset: Mapping[str, Any] = {"name": given} if isinstance(given, str) else given if isinstance(given, Mapping) else {}
    return PRODUCTS.get(str(preset.get("name"))), preset


def _filled(into: dict[str, Any], what: Mapping[str, Any], path: KeyPath) -> Iterator[KeyPath]:
    """Each path that was filled in. Of tables of the same name, keys are filled in; a column, child or axis is one thing."""
    for name, value in what.items():
        there = into.get(name)
        if name not in into:
            into[name] = value
            yield (*path, name)
        elif isinstance(there, dict) and isinstance(value, Mapping) and not path:
            yield from _filled(there, value, (*path, name))


def _faults(product: Product, preset: Mapping[str, Any], timetable: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    calendars = preset.get("calendars")
    if isinstance(calendars, str) and calendars not in product.calendars:
        *most, last = (f'"{choice}"' for choice in product.calendars)
        yield ("calendars",), f'must be {", ".join(most)} or {last} for the preset {product.name}, not "{calendars}"'
    if product.period_needed and not _text(timetable.get("period")):
        yield (), f"{product.name} needs timetable.period: {product.period}"
    if preset.get("campus") is not None and not product.has_campus:
        yield ("campus",), f"means nothing for the preset {product.name}"


def _database(url: object) -> str:
    try:
        name = make_url(url).get_backend_name() if isinstance(url, str) else "sqlite"
    except (ArgumentError, ValueError):
        name = "sqlite"
    return "mysql" if name == "mariadb" else name


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
