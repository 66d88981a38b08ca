"""What is installed is pinned by its hash, and its licences go together with ours."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PINNED = ROOT / "requirements"
#: versions.txt is for --constraint, where hashes would be asked of the wheel as well.
FILES = sorted(set(PINNED.glob("*.txt")) - {PINNED / "versions.txt"})


def requirements(path: Path) -> dict[str, list[str]]:
    """Each pin with its hashes."""
    text = path.read_text("ascii").replace("\\\n", " ")
    return {
        line.split(" --hash")[0].strip(): re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line) for line in text.splitlines() if line.strip()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_every_package_is_pinned_with_hashes_and_no_address_is_named(path: Path) -> None:
    found = requirements(path)

    assert found
    assert [pin for pin, hashes in found.items() if not hashes or not re.match(r"[a-z0-9][a-z0-9._-]*==\S+", pin)] == []
    assert "://" not in path.read_text("ascii")


def test_the_versions_without_hashes_are_those_with_them() -> None:
    assert (PINNED / "versions.txt").read_text("ascii").splitlines() == [pin.strip(" \\") for pin in requirements(PINNED / "runtime.txt")]


def test_what_a_night_needs_is_pinned_within_what_is_declared() -> None:
    pinned = {Requirement(pin).name: Requirement(pin) for pin in requirements(ROOT / "requirements" / "runtime.txt")}
    for declared in map(Requirement, tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]):
        (pin,) = pinned[declared.name].specifier
        assert declared.specifier.contains(pin.version), declared


@pytest.mark.parametrize("name", ["cryptography", "greenlet", "lxml", "pydantic-core", "psycopg-binary"])
def test_packages_with_parts_in_c_have_hashes_for_more_than_one_machine(name: str) -> None:
    (hashes,) = (hashes for pin, hashes in requirements(ROOT / "requirements" / "runtime.txt").items() if pin.startswith(f"{name}=="))
    # Three Pythons on two kinds of Linux, macOS, and the source.
    assert len(hashes) > 7


def test_all_licences_are_stated_and_allowed() -> None:
    done = subprocess.run([sys.executable, "requirements/licences.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "NOT ALLOWED" not in done.stdout


def test_a_licence_that_is_not_on_the_list_is_found() -> None:
    code = "import sys; sys.path.insert(0, 'requirements'); import licences; print([*map(licences.allowed, sys.argv[1:])])"
    words = ["MIT", "AGPL-3.0-only", "MIT OR GPL-3.0-only", "MIT AND GPL-3.0-only", "", "(Apache-2.0 OR BSD-3-Clause) AND PSF-2.0"]
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[True, False, True, False, False, True]"


def test_an_audit_that_cannot_be_done_is_said_aloud(tmp_path: Path) -> None:
    """A stand-in for pip-audit that knows nothing, as without a network."""
    (tmp_path / "pip_audit.py").write_text("raise SystemExit('no such host')", "ascii")
    command = [sys.executable, "-c", "import sys; sys.path[:0] = ['requirements']; import audit; sys.exit(audit.main())"]
    for must, code in (("", 0), ("must", 1)):
        done = subprocess.run(
            command, cwd=ROOT, env={"PYTHONPATH": str(tmp_path), "AUDIT": must}, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "0 of " in done.stdout
        assert "NOT AUDITED" in done.stdout
        assert "no known weaknesses" not in done.stdout
