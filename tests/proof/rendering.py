"""The figures of proof.json as the table of docs/reliability.md."""

from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def figures_table(record: dict[str, Any]) -> str:
    """All parts' figures in one table, between the marks by which a document's is found again."""
    lines = [BEGIN, "", "| part | what | figure | |", "|---|---|---|---|"]
    for name, part in sorted(record["parts"].items()):
        lines += [
            f"| {name} | {_cell(f['what'])} | {_cell(f['figure'])} | {'good' if f['good'] else '**not good**'} |" for f in part["figures"]
        ]
        share = "in full" if part.get("share", record["share"]) == 1 else f"a share of {part.get('share', record['share']):g}"
        lines.append(f"| {name} | *{share}, seed {part.get('seed', record['seed'])}, {part['seconds']:.0f} s* | | |")
    return "\n".join([*lines, "", END])


def with_table(document: str, table: str) -> str:
    """The document with its table replaced by this one. Raises ValueError for one without the marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no {BEGIN} ... {END} in it")
    return before + table + after


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
