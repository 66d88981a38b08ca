"""What comes of each fault, as the tables of docs/reliability.md. Decides nothing.

``python -m tests.proof.faults.table`` prints what has to come of each; the proof holds the product to it, case by case.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.proof.faults.by_proxy import OWN
from tests.proof.faults.databases import EXPECTED, Row
from tests.proof.faults.kinds import ANY, KINDS, NOTHING

#: An operation, a fault, whether for ever: the exit codes.
Codes = dict[tuple[str, str, bool], set[int]]

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def expected() -> Codes:
    """What has to come of each."""
    found: Codes = {}
    for kind in (*KINDS, *OWN):
        for operation in kind.befalls:
            for ever in (False, True):
                firsts = (False, True) if operation == "FindItem" else (False,)
                idles = (False, True) if operation == "GetFolder" else (False,)
                found[operation, kind.name, ever] = {
                    kind.expected(operation, ever=ever, first=first, idle=idle).code for first in firsts for idle in idles
                } | ({NOTHING.code} if operation == "GetItem" else set())
    return found


def markdown(codes: Codes, databases: Iterable[Row]) -> str:
    """Both tables."""
    return "\n".join([BEGIN, *_services(codes), "", *_databases(databases), END])


def _services(codes: Codes) -> list[str]:
    lines = ["| fault | how often | " + " | ".join(ANY) + " | the report says |", "|---|---|" + "---|" * (len(ANY) + 1)]
    for kind in (*KINDS, *OWN):
        for ever in (False, True):
            cells = [_cell(codes.get((operation, kind.name, ever))) for operation in ANY]
            lines.append(f"| {kind.name} | {'for ever' if ever else 'once'} | {' | '.join(cells)} | {_words(kind.said)} |")
    return lines


def _cell(found: set[int] | None) -> str:
    return "" if found is None else ", ".join(str(code) for code in sorted(found))


def _words(said: str) -> str:
    """A regular expression as a sentence."""
    text = (
        said.replace("the run .*", "")
        .replace("the run ", "")
        .replace("\\", "")
        .replace("(it|the request)", "it")
        .replace(".*", "…")
        .replace("|", " or ")
    )
    return (text + ")" * (text.count("(") - text.count(")"))).strip()


def _databases(rows: Iterable[Row]) -> list[str]:
    lines = ["| database | fault | exit code | the report says |", "|---|---|---|---|"]
    for row in rows:
        ways = [(row.code, row.said), *([row.also] if row.also is not None else [])]
        codes, said = ", ".join(str(code) for code, _ in ways), "; or ".join(_words(words) for _, words in ways)
        lines.append(f"| {row.database} | {row.fault} | {codes} | {said} |")
    return lines


def block(document: str) -> str:
    """The tables that stand in a document."""
    _, begin, rest = document.partition(BEGIN)
    inside, end, _ = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no {BEGIN} … {END} in it")
    return begin + inside + end


def main(arguments: Sequence[str]) -> None:
    """Print the tables; with the name of a document, put them into it."""
    tables = markdown(expected(), EXPECTED)
    if not arguments:
        sys.stdout.write(tables + "\n")
        return
    for document in map(Path, arguments):
        text = document.read_text("utf-8")
        document.write_text(text.replace(block(text), tables), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
