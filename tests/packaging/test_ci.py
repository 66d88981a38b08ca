"""In CI a skipped test fails, unless the machine is of another kind; what takes long begins first, and shares say what they tried."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SKIPPED = """
import pytest

def test_skipped():
    pytest.skip("REASON")

@pytest.mark.skip(reason="REASON")
def test_marked():
    raise AssertionError

@pytest.fixture
def absent():
    pytest.skip("REASON")

def test_with_a_fixture_that_skips(absent):
    raise AssertionError
"""
MODULE = 'import pytest\npytest.skip("REASON", allow_module_level=True)\n'

SHARES = """
import pytest

def test_short(tried):
    tried("12 nights, seed 7")

@pytest.mark.long
def test_long(tried):
    tried("seed 8")
    tried("3 nights")
"""


def ended(folder: Path, text: str, reason: str = "", ci: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "test_some.py").write_text(text.replace("REASON", reason))
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", os.devnull, "-v", str(folder)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("text", [pytest.param(SKIPPED, id="tests"), pytest.param(MODULE, id="a module")])
def test_a_skip_fails_in_ci_and_nowhere_else(tmp_path: Path, text: str) -> None:
    failed = ended(tmp_path, text, "no server answers", "true")
    assert failed.returncode != 0
    assert "no server answers: in CI nothing may be skipped" in failed.stdout
    assert "failed" not in ended(tmp_path, text, "no server answers", "").stdout


def test_a_machine_of_another_kind_is_a_reason_in_ci_as_well(tmp_path: Path) -> None:
    assert ended(tmp_path, SKIPPED, "not here: no such system", "true").returncode == 0


def test_what_takes_long_is_begun_first_and_shares_say_what_they_tried(tmp_path: Path) -> None:
    lines = ended(tmp_path, SHARES).stdout.splitlines()
    order = [line.split("::")[1].split()[0] for line in lines if "PASSED" in line]
    assert order == ["test_long", "test_short"]
    said = [line.split("::")[1] for line in lines if "seed" in line]
    assert said == ["test_long: seed 8, 3 nights", "test_short: 12 nights, seed 7"]
