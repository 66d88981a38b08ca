"""``python -m tests.proof``: the parts one after the other, with a table of figures and ``proof.json``; ends with 1 if one is not good."""

import importlib
import os
import pkgutil
import random
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import tests.proof
from tests.proof.figures import Amount, Figure, Part, Tried
from tests.proof.record import Entry, Recorded, changed_since, keep, read
from tests.proof.rendering import figures_table, with_figures

_RECORD = Path("proof.json")


def parts() -> dict[str, Part]:
    """Every part there is, by name."""
    packages = sorted(module.name for module in pkgutil.iter_modules(tests.proof.__path__) if module.ispkg)
    found: list[Part] = [importlib.import_module(f"tests.proof.{name}.part").PART for name in packages]
    return {part.name: part for part in found}


def main(
    chosen: Annotated[list[str] | None, typer.Argument(metavar="[PART]...", help="Only these parts.")] = None,
    share: Annotated[float, typer.Option(min=0.0001, max=1.0, help="A share of what is promised, 1 for all.")] = 1.0,
    seed: Annotated[int | None, typer.Option(help="Where all chance comes from. A fresh one is chosen, and printed.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="So many processes side by side, where a part has many cases.")] = os.cpu_count() or 1,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="How long fuzzing takes; an hour unless it is told.")] = None,
    case: Annotated[str | None, typer.Option(help="Only this case of the one part, once more; nothing is put on record.")] = None,
    list_them: Annotated[bool, typer.Option("--list", help="Say which parts there are.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Prove nothing; print proof.json as a table.")] = False,
    document: Annotated[Path | None, typer.Option(help="Prove nothing; put those figures into this document's table.")] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Prove nothing; say what changed since proof.json's parts were proved.")
    ] = False,
) -> None:
    """Prove what timetable-sync promises, and print the figures."""
    console = Console(soft_wrap=True)
    if markdown or document is not None:
        if document is None:
            sys.stdout.write(figures_table(read(_RECORD)) + "\n")
        else:
            document.write_text(with_figures(document.read_text("utf-8"), read(_RECORD)), "utf-8")
        return
    there = parts()
    if list_them:
        for part in there.values():
            console.print(f"{part.name:10} {part.about}", highlight=False)
        return
    if changed:
        _say_what_changed(console, there)
        return
    if unknown := sorted(set(chosen or ()) - set(there)):
        console.print(f"No part is called {', '.join(unknown)}. There are: {', '.join(there)}.")
        sys.exit(2)
    if minutes is not None and not all(there[name].timed for name in chosen or there):
        console.print(f"--minutes is only for {', '.join(part.name for part in there.values() if part.timed)}.")
        sys.exit(2)
    if case is not None:
        _once_more(console, [there[name] for name in chosen or ()], case)
        return
    amount = Amount(share, random.SystemRandom().randrange(2**32) if seed is None else seed, jobs, minutes)
    console.print(f"Seed {amount.seed}, share {share:g}: the same again with --seed {amount.seed} --share {share:g}", highlight=False)
    bad: list[str] = []
    for name in chosen or there:
        console.rule(f"{name}: {there[name].about}", align="left")
        found = _proved(console, there[name], amount)
        bad += [f"{name}: {figure['what']}: {figure['figure']}" for figure in found["figures"] if not figure["good"]]
        bad += [f"{name}: again: {one['again']}" for one in found["wrong"]]
    console.rule("all good" if not bad else f"{len(bad)} not good", align="left")
    for line in bad:
        console.print(line, highlight=False, markup=False)
    sys.exit(1 if bad else 0)


def _proved(console: Console, part: Part, amount: Amount) -> Entry:
    """The part's entry, which is on record as well: also of one that breaks off."""
    found = Recorded(part, amount)
    try:
        for one in part.prove(amount, lambda line: console.print(f"  {line}", highlight=False, markup=False)):
            if isinstance(one, Figure):
                found.figures.append(one)
                continue
            found.tried.append(one)
            if one.found:
                console.print(f"  NOT GOOD  {one.name}: {_in_words(one)}", highlight=False, markup=False)
                console.print(f"            {part.command(one, amount)}", highlight=False, markup=False)
    except BaseException as error:
        found.figures.append(Figure("came to its end", f"broke off: {type(error).__name__}: {error}", good=False))
        keep(_RECORD, part.name, found.entry())
        if not isinstance(error, Exception):
            raise
        traceback.print_exc()
    entry = found.entry()
    keep(_RECORD, part.name, entry)
    console.print(_table(found.figures))
    console.print(f"  {entry['seconds']:.0f} s", highlight=False)
    return entry


def _once_more(console: Console, chosen: list[Part], name: str) -> None:
    if len(chosen) != 1 or chosen[0].again is None:
        console.print("--case is of one part that has cases of its own: name it first.")
        sys.exit(2)
    try:
        tried = chosen[0].again(name, lambda line: console.print(f"  {line}", highlight=False, markup=False))
    except ValueError as unknown:
        console.print(f"{unknown}", highlight=False, markup=False)
        sys.exit(2)
    console.print(f"{tried.name}: it ended with {tried.ended}", highlight=False, markup=False)
    if tried.said:
        console.print(tried.said, highlight=False, markup=False)
    console.print(f"NOT GOOD  {_in_words(tried)}" if tried.found else "good", highlight=False, markup=False)
    sys.exit(1 if tried.found else 0)


def _say_what_changed(console: Console, there: dict[str, Part]) -> None:
    """Of each part on record, when and at what it was proved, and which of its files are other ones now."""
    for name, entry in sorted(read(_RECORD)["parts"].items()):
        at = str(entry.get("commit", ""))
        try:
            files = changed_since(at, there[name]) if name in there else ["the part itself: it is gone"]
            told = f"{len(files)} files changed since: {', '.join(files[:5])}{' …' if len(files) > 5 else ''}" if files else "as it was"
        except ValueError as unknown:
            told = str(unknown)
        of = "files that were not committed" if entry.get("changed") else at[:12]
        console.print(f"{name:10} {entry.get('date', '')} of {of}: {told}", highlight=False, markup=False)


def _in_words(tried: Tried) -> str:
    return "; ".join(map(str, tried.found))


def _table(figures: list[Figure]) -> Table:
    table = Table("what", "figure", "", box=None, pad_edge=True)
    for figure in figures:
        table.add_row(figure.what, figure.figure, "good" if figure.good else "NOT GOOD")
    return table


if __name__ == "__main__":
    typer.run(main)
