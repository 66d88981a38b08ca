"""In CI a test that is skipped is a test that fails, unless the machine is of another kind."""

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


def ended(folder: Path, text: str, reason: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_some.py").write_text(text.replace("REASON", reason))
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", os.devnull, str(folder)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("text", [pytest.param(SKIPPED, id="tests"), pytest.param(MODULE, id="a module")])
def test_a_skip_fails_in_ci_and_nowhere_else(tmp_path: Path, text: str) -> None:
    failed = ended(tmp_path, text, "no server answers", "true")
    assert failed.returncode != 0
    assert "no server answers: in CI nothing may be skipped" in failed.stdout
    assert "failed" not in ended(tmp_path, text, "no server answers", "").stdout


def test_a_machine_of_another_kind_is_a_reason_in_ci_as_well(tmp_path: Path) -> None:
    assert ended(tmp_path, SKIPPED, "not here: no such system", "true").returncode == 0
