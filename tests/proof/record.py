"""proof.json: of each part the latest figures, every case with what it ended with, and whole those that went wrong. Proves nothing."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.proof.figures import Amount, Figure, Part, Tried

_ROOT = Path(__file__).resolve().parents[2]

Entry = dict[str, Any]


class Recorded:
    """What is found of one part, from its beginning on."""

    def __init__(self, part: Part, amount: Amount) -> None:
        self._part, self._amount = part, amount
        self._began = datetime.now(UTC)
        # What is changed while the part runs does not matter to it: it has been read.
        self._commit, self._changed = commit()
        self.figures: list[Figure] = []
        self.tried: list[Tried] = []

    def entry(self) -> Entry:
        """As it stands in proof.json. A case's name says how it was done; "wrong" has those that went wrong, each with its command."""
        amount = self._amount
        return {
            "commit": self._commit,
            "changed": self._changed,
            "date": f"{self._began:%Y-%m-%d %H:%M}",
            "seconds": round((datetime.now(UTC) - self._began).total_seconds(), 1),
            "seed": amount.seed,
            "share": amount.share,
            **({} if amount.minutes is None else {"minutes": amount.minutes}),
            "figures": [{"what": one.what, "figure": one.figure, "good": one.good} for one in self.figures],
            "wrong": [
                {
                    "case": one.name,
                    "again": self._part.command(one, amount),
                    "ended": one.ended,
                    "found": [{"wrong": finding.wrong, "what": finding.what} for finding in one.found],
                    "said": one.said,
                }
                for one in self.tried
                if one.found
            ],
            "cases": {one.name: one.ended for one in self.tried},
        }


def keep(record: Path, name: str, entry: Entry) -> None:
    """Put a part's entry in the place of its own, and of no other's: several parts may run side by side."""
    with _locked(record.parent):
        found = read(record)
        found["parts"][name] = entry
        beside = record.with_suffix(f".{os.getpid()}.tmp")
        beside.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        beside.replace(record)


def read(record: Path) -> Entry:
    """All that is kept; without a file, no parts."""
    found: Entry = json.loads(record.read_text("utf-8")) if record.exists() else {}
    return {"parts": dict(found.get("parts", {}))}


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def commit() -> tuple[str, bool]:
    """The commit that this checkout is at, and whether its files differ from it. Empty where this is no checkout."""
    at = _git("rev-parse", "HEAD")
    return at.strip(), bool(at and _git("status", "--porcelain", "--untracked-files=no").strip())


def changed_since(at: str, part: Part) -> list[str]:
    """What the part proves something about, and itself, as far as it changed since this commit. Raises ValueError for an unknown one."""
    if not at or not _git("rev-parse", "--verify", "--quiet", f"{at}^{{commit}}"):
        raise ValueError(f"this checkout has no commit {at or 'at all'}")
    return _git("diff", "--name-only", at, "--", *part.touches, f"tests/proof/{part.name}").splitlines()


def _git(*arguments: str) -> str:
    """What git says; nothing where it fails, or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
