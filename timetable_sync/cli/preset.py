"""``timetable-sync timetable preset``, or shorter ``preset``: what queries there are for products, and one as a configuration. Thin."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from timetable_sync.config.presets.catalogue import PRODUCTS
from timetable_sync.config.presets.printed import as_configuration
from timetable_sync.config.presets.product import DATABASES, Product
from timetable_sync.config.validators import nearest, schema_name
from timetable_sync.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Ready-made queries for timetabling products.")

#: Grows when a field is added to the JSON; fields never vanish or change their meaning.
SCHEMA = 1


class Format(StrEnum):
    """How facts are printed."""

    TEXT = "text"
    JSON = "json"


Facts = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]


@app.command("list")
def list_(format: Facts = Format.TEXT) -> None:
    """Say which products there are presets for, on which databases, and what of them can become calendars.

    Example: timetable-sync preset list
    """
    if format is Format.JSON:
        typer.echo(json.dumps({"schema": SCHEMA, "presets": [_facts(product) for product in PRODUCTS.values()]}, indent=2))
        return
    for product in PRODUCTS.values():
        typer.echo(f"{product.name:<14}{product.title}")
        typer.echo(f"{'':<14}on {'; '.join(DATABASES[name][0] for name in product.databases)}")
        typer.echo(f"{'':<14}calendars: {', '.join(product.calendars)}")
        if product.period:
            typer.echo(f"{'':<14}period: {product.period}")
    typer.echo('\nIn a configuration: preset = "celcat"    All that it stands for: timetable-sync preset show celcat')


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The product, as in celcat.")],
    database: Annotated[
        str | None,
        typer.Option(
            "--database", help=f"The kind of database: {', '.join(DATABASES)}. Left out, the product's usual one.", show_default=False
        ),
    ] = None,
    in_schema: Annotated[str | None, typer.Option("--in-schema", help="The database schema of its tables.", show_default=False)] = None,
    calendars: Annotated[
        str | None, typer.Option("--calendars", help="What becomes calendars: see preset list.", show_default=False)
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="The period that is read.", show_default=False)] = None,
    campus: Annotated[str | None, typer.Option("--campus", help="UniTime: the campus.", show_default=False)] = None,
    format: Facts = Format.TEXT,
) -> None:
    """Print a preset as a configuration to start one's own from.

    Example: timetable-sync preset show celcat --database mssql --in-schema dbo > timetable-sync.toml
    """
    product = _product(name)
    kind = _one_of("--database", database or product.databases[0], tuple(DATABASES))
    things = _one_of("--calendars", calendars or product.calendars[0], product.calendars)
    try:
        schema = None if in_schema is None else schema_name(in_schema)
    except ValueError as error:
        raise UsageError(f"--in-schema {error}", "See: timetable-sync preset show --help") from None
    wanted = period if period is not None else "2026/27" if product.period_needed or not product.period else ""
    text = as_configuration(product, kind, calendars=things, schema=schema, period=wanted, campus=campus or "")
    if format is Format.JSON:
        typer.echo(json.dumps({"schema": SCHEMA, **_facts(product), "database": kind, "configuration": text}, indent=2))
    else:
        typer.echo(text, nl=False)


def _product(name: str) -> Product:
    if (product := PRODUCTS.get(name.lower())) is None:
        raise UsageError(f'there is no preset "{name}"{nearest(name, PRODUCTS)}', f"There are: {', '.join(PRODUCTS)}")
    return product


def _one_of(option: str, given: str, choices: tuple[str, ...]) -> str:
    if given not in choices:
        raise UsageError(f'{option}: "{given}" is none{nearest(given, choices)}', f"There are: {', '.join(choices)}")
    return given


def _facts(product: Product) -> dict[str, object]:
    return {
        "name": product.name,
        "title": product.title,
        "databases": list(product.databases),
        "calendars": list(product.calendars),
        "period": product.period,
    }
