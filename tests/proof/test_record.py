"""What a part found is kept by cases and counted by values, and what went wrong is had again by the command that is printed."""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.proof import __main__ as program
from tests.proof.faults.part import PART as FAULTS
from tests.proof.figures import Amount, Figure, Finding, Part, Tried, Wrong, harm_figures
from tests.proof.record import changed_since, commit, keep, read

ROOT = Path(__file__).resolve().parents[2]
AMOUNT = Amount(1, 7)


def some(*found: Finding) -> Part:
    return Part("some", "a case", lambda *_: [Tried("the case; it's", "1", found, "the report"), Figure("all", "1", not found)])


def proved(part: Part, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(program, "parts", lambda: {part.name: part})
    program.main([part.name], seed=7, changed=False)


def test_a_sentence_that_was_not_expected_counts_as_no_harm() -> None:
    said = Finding(
        Wrong.SAID, "the report does not say 'busy': COMP101 was made, and 3 of timetable/1 were deleted, not ours, by a clean night"
    )
    harm, other = harm_figures("nights", [Tried("a", "1", (said,)), Tried("b", "0")], [Wrong.DUPLICATE, Wrong.WRONG_DELETE, Wrong.SAID])
    assert harm == Figure("nights: harm done", "in 2 cases: 0 duplicate, 0 wrong delete", good=True)
    assert other == Figure("nights: else wrong", "in 2 cases: 1 other exit code or sentence", good=False)


def test_a_case_counts_once_for_each_harm_and_for_harm_that_nobody_looked_for() -> None:
    lost = Finding(Wrong.WRONG_DELETE, "A")
    harm, _ = harm_figures("nights", [Tried("a", "0", (lost, lost, Finding(Wrong.MAIL, "1")))], [Wrong.DUPLICATE])
    assert harm == Figure("nights: harm done", "in 1 cases: 0 duplicate, 1 wrong delete, 1 mail sent", good=False)


def test_each_case_is_kept_and_one_that_went_wrong_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="1"):
        proved(some(Finding(Wrong.DUPLICATE, "two of it")), monkeypatch, tmp_path)
    found = read(tmp_path / "proof.json")["parts"]["some"]
    assert found["cases"] == {"the case; it's": "1"}
    assert found["wrong"] == [
        {
            "case": "the case; it's",
            "again": "python -m tests.proof some --seed 7 --share 1",
            "ended": "1",
            "found": [{"wrong": "duplicate", "what": "two of it"}],
            "said": "the report",
        }
    ]
    assert (found["seed"], found["share"], (found["commit"], found["changed"])) == (7, 1, commit())


def test_a_part_that_is_proved_again_replaces_its_own_and_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keep(tmp_path / "proof.json", "other", {"figures": []})
    for found in ((Finding(Wrong.MAIL, "1"),), ()):
        with pytest.raises(SystemExit):
            proved(some(*found), monkeypatch, tmp_path)
    parts = read(tmp_path / "proof.json")["parts"]
    assert parts["other"] == {"figures": []}
    assert parts["some"]["wrong"] == []
    assert [figure["good"] for figure in parts["some"]["figures"]] == [True]


def test_a_part_that_breaks_off_keeps_what_it_had_and_is_not_good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> list[Figure]:
        raise RuntimeError("no sandbox")

    with pytest.raises(SystemExit, match="1"):
        proved(Part("some", "", broken), monkeypatch, tmp_path)
    found = read(tmp_path / "proof.json")["parts"]["some"]
    assert found["figures"] == [{"what": "came to its end", "figure": "broke off: RuntimeError: no sandbox", "good": False}]


def test_parts_side_by_side_lose_nothing_of_each_other(tmp_path: Path) -> None:
    record = tmp_path / "proof.json"
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        for kept in [pool.submit(keep, record, f"part {number}", {"number": number}) for number in range(40)]:
            kept.result()
    assert read(record)["parts"] == {f"part {number}": {"number": number} for number in range(40)}
    assert [path.name for path in tmp_path.iterdir()] == ["proof.json"]
    assert json.loads(record.read_text("utf-8")) == read(record)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("direct; once; FindItem 1 of math101@groups.example.ac.uk: another request's answer", 0),
        ("database; state in SQLite, not a database; statement 0", 0),
        ("direct; once; FindItem 1 of math101@groups.example.ac.uk: no such fault", 2),
    ],
)
def test_the_command_that_is_printed_tries_the_case_again(name: str, code: int) -> None:
    typed = shlex.split(FAULTS.command(Tried(name, "1"), AMOUNT))
    assert typed[0] == "python"
    done = subprocess.run([sys.executable, *typed[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert name in done.stdout if not code else "no case is called" in done.stdout


def test_what_changed_since_a_part_was_proved_is_told() -> None:
    at, _ = commit()
    if not at:
        pytest.skip("not here: this is no checkout")
    assert changed_since(at, Part("nobody", "", lambda *_: [], touches=("LICENSE",))) == []
    with pytest.raises(ValueError, match="no commit"):
        changed_since("0" * 40, FAULTS)
