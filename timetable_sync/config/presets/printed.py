"""A preset as a configuration to start one's own from: it works as it stands, once the placeholders are filled in."""

from collections.abc import Iterator, Mapping
from typing import Any

from timetable_sync.config.presets.catalogue import dialect_for
from timetable_sync.config.presets.product import DATABASES, MAY_LACK, Parameters, Product
from timetable_sync.config.toml_values import toml_key, toml_value

_REST = """\
[calendars]
address = "{{ calendar | slug }}@groups.example.ac.uk"
allow   = ["*@groups.example.ac.uk"]      # nothing else is ever written
{without}
[event]
subject    = "{{ title }} ({{ type }})"
location   = "{{ rooms | join(', ') }}"
body       = "{{ staff | join(', ') }}"
categories = ["Timetable"]

[entra]
tenant      = "00000000-0000-0000-0000-000000000000"
client      = "11111111-1111-1111-1111-111111111111"
certificate = { file = "certificate.pem" }
key         = { file = "certificate-key.pem" }

[state]
url = "sqlite:////var/lib/timetable-sync/state.db"
"""


def as_configuration(product: Product, database: str, *, calendars: str, schema: str | None, period: str, campus: str = "") -> str:
    """TOML. ``database`` is SQLAlchemy's name of a kind of database; ``schema`` None is the product's usual one."""
    timetable = product.timetable(Parameters(dialect_for(product, database, schema), calendars, period, campus))
    title, url = DATABASES[database]
    lines = [
        f"# {product.title} on {title}: what preset = {toml_value(product.name)} stands for, to start a configuration of your own from.",
        f"# Each {calendars.removesuffix('s')} is a calendar. url, time_zone, period, addresses and [entra] are placeholders.",
        "",
        "[timetable]",
        f"source    = {toml_value(product.name)}",
        f"url       = {toml_value(url)}",
        *([] if database == "sqlite" else ['password  = { credential = "timetable-db" }']),
        'time_zone = "Europe/London"',
        f"period    = {toml_value(period)}",
        *_query(timetable["query"]),
        "",
        "[timetable.columns]",
        *_pairs(timetable["columns"]),
        "",
        *_table("timetable.weeks", timetable.get("weeks", {})),
    ]
    for name, child in timetable["children"].items():
        lines += _table(f"timetable.children.{name}", child)
    without = f'lessons_without = "skip_unnamed"        # a lesson may well have no {calendars}\n' if calendars in MAY_LACK else ""
    return "\n".join(lines) + "\n" + _REST.replace("{without}\n", without + "\n")


def _table(heading: str, values: Mapping[str, Any]) -> Iterator[str]:
    if not values:
        return
    yield f"[{heading}]"
    if "query" in values:
        yield from _query(values["query"])
    yield from _pairs({name: value for name, value in values.items() if name != "query"})
    yield ""


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    width = max((len(toml_key(name)) for name in values), default=0)
    for name, value in values.items():
        yield f"{toml_key(name):<{width}} = {toml_value(value)}"


def _query(query: str) -> Iterator[str]:
    """As a text of several lines: https://toml.io/en/v1.0.0#string."""
    yield 'query     = """'
    yield from query.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').splitlines()
    yield '"""'
