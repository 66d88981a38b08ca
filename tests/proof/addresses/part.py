"""The part of the proof: many histories over HTTP, one after the other."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tests.proof.addresses.histories import STEPS, Found, history
from tests.proof.addresses.judge import LOOKED_FOR
from tests.proof.addresses.scene import Scene
from tests.proof.figures import Amount, Figure, Part, Say, Tried, Wrong, harm_figures
from tests.sandbox_process import SandboxProcess
from timetable_sync.apply import resolve_folders
from timetable_sync.model.folder import KnownFolder
from timetable_sync.planning import folders
from timetable_sync.planning.folders import FoldersFound as AddressesFound
from timetable_sync.planning.folders import Resolution

HISTORIES = 300

#: So many histories at most until a planted bug has to be found.
UNTIL_FOUND = 20

#: What is planted in the place of ``resolve``, by what it is in words, and what it has to be found by.
PLANTED: dict[str, tuple[Callable[[Mapping[str, KnownFolder], AddressesFound], Resolution], Wrong]] = {
    "addresses are not told apart": (lambda before, found: Resolution(), Wrong.WRONG_DELETE),
    "two addresses of one mailbox are not refused": (
        lambda before, found: replace(folders.resolve(before, found), failed={}),
        # Guards hold most of what would be written then.
        Wrong.SAID,
    ),
}

_NAME = re.compile(r"seed \d+")


@contextmanager
def scene() -> Iterator[Scene]:
    """A sandbox, and a folder."""
    with TemporaryDirectory(prefix="addresses-") as folder, SandboxProcess() as sandbox:
        yield Scene(Path(folder), sandbox.url)


def tried(name: str, found: Found) -> Tried:
    """A history as a case."""
    return Tried(name, f"{found.tally['nights']} nights", tuple(found.wrong), "\n".join(found.steps) if found.wrong else "")


def until_found(made: Scene, planted: str, seed: int) -> int | None:
    """In which history, from 1, a planted bug is found; None where it is not."""
    plant, wrong = PLANTED[planted]
    with patch.object(resolve_folders, "resolve", plant):
        for number in range(UNTIL_FOUND):
            if any(one.wrong is wrong for one in history(made, f"seed {seed + number}").wrong):
                return number + 1
    return None


def prove(amount: Amount, say: Say) -> Iterator[Figure | Tried]:
    """All histories, what they were made of, and what was found."""
    chance = random.Random(amount.seed)  # noqa: S311 - chance for tests, no secret
    count, tally, cases = amount.of(HISTORIES), Counter[str](), list[Tried]()
    with scene() as made:
        for number in range(1, count + 1):
            name = f"seed {chance.randrange(2**32)}"
            found = history(made, name)
            tally += found.tally
            cases.append(tried(name, found))
            yield cases[-1]
            if number % 25 == 0:
                say(f"{number} of {count}, {sum(bool(case.found) for case in cases)} not as they have to be")
        yield Figure("histories", f"{count}, of {tally['nights']} nights, {tally['held']} of them with something held", good=True)
        done = ", ".join(f"{tally[step]} {step}" for step in STEPS)
        yield Figure("what happened between nights", done, count < HISTORIES or all(tally[step] for step in STEPS))
        yield from harm_figures("histories", cases, LOOKED_FOR)
        yield Figure(
            "lessons taken out where they stood, waiting for a calendar that is held, failed or not asked for",
            f"{tally['waiting']} times",
            good=True,
        )
        for planted in PLANTED:
            at = until_found(made, planted, chance.randrange(2**32))
            yield Figure(f"planted: {planted}", "not found" if at is None else f"found in history {at}", at is not None)


def again(name: str, _: Say) -> Tried:
    """One history, once more. Raises ValueError where there is none of this name."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"no case is called {name!r}")
    with scene() as made:
        return tried(name, history(made, name))


PART = Part(
    "addresses", "aliases, renamed and recreated mailboxes, two addresses of one, domains changed, between short nights", prove, again
)
