"""``python -m tests.proof``: the parts one after the other, with a table of figures and ``proof.json``; ends with 1 if one is not good."""

import importlib
import json
import pkgutil
import random
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import tests.proof
from tests.proof.figures import Amount, Figure, Part
from tests.proof.rendering import figures_table, with_figures

_RECORD = Path("proof.json")


def parts() -> list[Part]:
    """Every part there is, by name."""
    packages = [module.name for module in pkgutil.iter_modules(tests.proof.__path__) if module.ispkg]
    return [importlib.import_module(f"tests.proof.{name}.part").PART for name in sorted(packages)]


def main(
    chosen: Annotated[list[str] | None, typer.Argument(metavar="[PART]...", help="Only these parts.")] = None,
    share: Annotated[float, typer.Option(min=0.0001, max=1.0, help="A share of what is promised, 1 for all.")] = 1.0,
    seed: Annotated[int | None, typer.Option(help="Where all chance comes from. A fresh one is chosen, and printed.")] = None,
    list_them: Annotated[bool, typer.Option("--list", help="Say which parts there are.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Prove nothing; print proof.json as a table.")] = False,
    document: Annotated[Path | None, typer.Option(help="Prove nothing; put those figures into this document's table.")] = None,
) -> None:
    """Prove what timetable-sync promises, and print the figures."""
    console = Console()
    if markdown or document is not None:
        record = json.loads(_RECORD.read_text("utf-8"))
        if document is None:
            sys.stdout.write(figures_table(record) + "\n")
        else:
            document.write_text(with_figures(document.read_text("utf-8"), record), "utf-8")
        return
    there = {part.name: part for part in parts()}
    if list_them:
        for part in there.values():
            console.print(f"{part.name:10} {part.about}", highlight=False)
        return
    if unknown := sorted(set(chosen or ()) - set(there)):
        console.print(f"No part is called {', '.join(unknown)}. There are: {', '.join(there)}.")
        sys.exit(2)
    amount = Amount(share, random.SystemRandom().randrange(2**32) if seed is None else seed)
    console.print(f"Seed {amount.seed}, share {share:g}: the same again with --seed {amount.seed} --share {share:g}", highlight=False)
    found: dict[str, tuple[float, list[Figure]]] = {}
    for name in chosen or there:
        console.rule(f"{name}: {there[name].about}", align="left")
        began = time.monotonic()
        figures = list(there[name].prove(amount, lambda line: console.print(f"  {line}", highlight=False, markup=False)))
        found[name] = time.monotonic() - began, figures
        console.print(_table(figures))
        console.print(f"  {found[name][0]:.0f} s", highlight=False)
    _RECORD.write_text(json.dumps(_record(amount, found), indent=1), "utf-8")
    bad = [f"{name}: {figure.what}: {figure.figure}" for name, (_, figures) in found.items() for figure in figures if not figure.good]
    console.rule("all good" if not bad else f"{len(bad)} not good", align="left")
    for line in bad:
        console.print(line, highlight=False, markup=False)
    sys.exit(1 if bad else 0)


def _table(figures: list[Figure]) -> Table:
    table = Table("what", "figure", "", box=None, pad_edge=True)
    for figure in figures:
        table.add_row(figure.what, figure.figure, "good" if figure.good else "NOT GOOD")
    return table


def _record(amount: Amount, found: dict[str, tuple[float, list[Figure]]]) -> dict[str, object]:
    """What was found now, and of other parts what was found before."""
    before: dict[str, object] = json.loads(_RECORD.read_text("utf-8")).get("parts", {}) if _RECORD.exists() else {}
    now = {
        name: {
            "seconds": round(seconds, 1),
            "seed": amount.seed,
            "share": amount.share,
            "figures": [{"what": f.what, "figure": f.figure, "good": f.good} for f in figures],
        }
        for name, (seconds, figures) in found.items()
    }
    return {"seed": amount.seed, "share": amount.share, "parts": before | now}


if __name__ == "__main__":
    typer.run(main)
