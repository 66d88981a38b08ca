"""The figures of proof.json as the table of docs/reliability.md."""

import re
from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
#: What every row begins with: its part.
_PART = re.compile(r"\| (\w+) \|")
_HEAD = ("| part | what | figure | |", "|---|---|---|---|")


def figures_table(record: dict[str, Any]) -> str:
    """All parts' figures in one table, between the marks by which a document's is found again."""
    return _table(_rows(record))


def with_figures(document: str, record: dict[str, Any]) -> str:
    """The document with these figures in its table, in which other parts keep theirs. Raises ValueError for one without the marks."""
    before, begin, rest = document.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no {BEGIN} ... {END} in it")
    kept: dict[str, list[str]] = {}
    for line in old.splitlines():
        if line not in _HEAD and (part := _PART.match(line)):
            kept.setdefault(part[1], []).append(line)
    return before + _table(kept | _rows(record)) + after


def _rows(record: dict[str, Any]) -> dict[str, list[str]]:
    rows = {}
    for name, part in record["parts"].items():
        figures = [
            f"| {name} | {_cell(f['what'])} | {_cell(f['figure'])} | {'good' if f['good'] else '**not good**'} |" for f in part["figures"]
        ]
        rows[name] = [*figures, f"| {name} | *{_how(part)}* | | |"]
    return rows


def _how(part: dict[str, Any]) -> str:
    """How much of a part it was, by what chance, at which commit, and when."""
    much = "in full" if part["share"] == 1 else f"a share of {part['share']:g}"
    if "minutes" in part:
        much = f"{part['minutes']:g} minutes"
    at = f"commit {part['commit'][:12]}{', with changes' if part.get('changed') else ''}" if part.get("commit") else "no commit"
    return f"{much}, seed {part['seed']}, {part['seconds']:.0f} s, {at}, {part.get('date', 'no date')}"


def _table(rows: dict[str, list[str]]) -> str:
    return "\n".join([BEGIN, "", *_HEAD, *(line for _, lines in sorted(rows.items()) for line in lines), "", END])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
