"""The Makefile's search for a Python: the first one that fits, or one clear message."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "requirements" / "choose-python"

FITS = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
TOO_OLD = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n'
#: What a version manager leaves where a version is not switched on.
HOLLOW = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
INCOMPLETE = f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"\n'


def chosen(folder: Path, *, named: str = "", **pythons: str) -> subprocess.CompletedProcess[str]:
    for name, text in pythons.items():
        file = folder / name.replace("_", ".")
        file.write_text(text)
        file.chmod(0o755)
    environment = {"PATH": str(folder), "HOME": os.environ.get("HOME", "/")} | ({"PYTHON": named} if named else {})
    return subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_python3_is_taken_where_it_fits(tmp_path: Path) -> None:
    assert chosen(tmp_path, python3=FITS, python3_13=FITS).stdout == "python3\n"


def test_where_python3_is_too_old_one_is_found_by_its_name(tmp_path: Path) -> None:
    assert chosen(tmp_path, python3=TOO_OLD, python3_13=HOLLOW, python3_12=FITS).stdout == "python3.12\n"


def test_without_any_that_fits_the_message_says_which_are_wanted_and_what_was_found(tmp_path: Path) -> None:
    found = chosen(tmp_path, python3=TOO_OLD)
    assert (found.returncode, found.stdout) == (1, "")
    assert "Python 3.11, 3.12 or 3.13 is needed; found Python 3.9.2" in found.stderr
    assert "found none" in chosen(tmp_path / "..", named="").stderr


def test_a_named_one_is_taken_or_refused_and_no_other_is_looked_for(tmp_path: Path) -> None:
    assert chosen(tmp_path, named="python3.11", python3=FITS, python3_11=FITS).stdout == "python3.11\n"
    refused = chosen(tmp_path, named="python3.13", python3_13=HOLLOW)
    assert refused.returncode == 1
    assert "python3.13 does not run, or is not Python 3.11, 3.12 or 3.13" in refused.stderr


def test_one_that_cannot_make_environments_is_named_with_what_to_install(tmp_path: Path) -> None:
    found = chosen(tmp_path, python3=INCOMPLETE)
    assert found.returncode == 1
    assert "python3 cannot make virtual environments" in found.stderr
    assert "python3-venv" in found.stderr
