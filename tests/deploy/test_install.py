"""``deploy/install.sh`` into a tree of its own: twice, then out again."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = "etc/timetable-sync/timetable-sync.toml"


def install(tree: Path, *words: str) -> str:
    ended = subprocess.run(
        [str(ROOT / "deploy" / "install.sh"), *words],
        env={"PATH": os.environ["PATH"], "DESTDIR": str(tree)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout


def contents(tree: Path) -> dict[str, tuple[int, str | None]]:
    """Every file and folder with its mode and text."""
    return {
        str(path.relative_to(tree)): (path.stat().st_mode, path.read_text("utf-8") if path.is_file() else None)
        for path in sorted(tree.rglob("*"))
    }


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A machine on which somebody works: a configuration, a state, a drop-in and a unit of another program."""
    for name, text in {
        CONFIGURATION: "# mine\n",
        "etc/systemd/system/timetable-sync.service.d/override.conf": "[Service]\nNice=10\n",
        "etc/systemd/system/another.service": "[Service]\nExecStart=/bin/true\n",
        "var/lib/timetable-sync/state.db": "all that happened",
    }.items():
        path = tmp_path / "machine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "machine" / CONFIGURATION).chmod(0o600)
    return tmp_path / "machine"


def test_installed_twice_and_uninstalled_a_machine_is_as_before(tree: Path) -> None:
    before = contents(tree)
    install(tree)
    once = contents(tree)
    assert {"etc/systemd/system/timetable-sync.service", "etc/sysusers.d/timetable-sync.conf"} <= set(once) - set(before)
    install(tree)
    assert contents(tree) == once
    assert once[CONFIGURATION] == before[CONFIGURATION], "a configuration that is there is left alone"

    assert "Kept: /etc/timetable-sync" in install(tree, "--uninstall")
    assert contents(tree) == before
    assert "nothing is installed" in install(tree, "--uninstall")
    assert contents(tree) == before


def test_on_an_empty_machine_the_configuration_is_what_stays(tmp_path: Path) -> None:
    tree = tmp_path / "machine"
    install(tree)
    install(tree)
    assert (tree / CONFIGURATION).read_text("utf-8") == (ROOT / "config" / "timetable-sync.toml").read_text("utf-8")
    assert (tree / CONFIGURATION).stat().st_mode & 0o777 == 0o640
    (tree / "var/lib/timetable-sync/state.db").write_text("all that happened", "utf-8")
    install(tree, "--uninstall")
    assert [name for name, (_, text) in contents(tree).items() if text is not None] == [CONFIGURATION, "var/lib/timetable-sync/state.db"]
    assert not (tree / "opt").exists()
    assert not (tree / "etc/systemd").exists()


def test_every_unit_is_installed_readable_by_all_and_an_older_one_is_replaced(tree: Path) -> None:
    old = tree / "etc/systemd/system/timetable-sync.service"
    install(tree)
    old.write_text("of an older version", "utf-8")
    install(tree)
    for unit in (ROOT / "deploy" / "systemd").iterdir():
        there = tree / "etc/systemd/system" / unit.name
        assert (there.read_text("utf-8"), there.stat().st_mode & 0o777) == (unit.read_text("utf-8"), 0o644)


def test_by_cron_there_are_no_units(tree: Path) -> None:
    before = contents(tree)
    install(tree, "--cron")
    new = set(contents(tree)) - set(before)
    assert "etc/cron.d/timetable-sync" in new
    assert not [name for name in new if name.startswith("etc/systemd")]
    install(tree, "--uninstall")
    assert contents(tree) == before


@pytest.mark.parametrize(("words", "said"), [(["--unistall"], "unknown: --unistall"), (["--wheel"], "--wheel needs a file")])
def test_what_it_does_not_know_it_does_not_guess(tree: Path, words: list[str], said: str) -> None:
    before = contents(tree)
    ended = subprocess.run(
        [str(ROOT / "deploy" / "install.sh"), *words],
        env={"PATH": os.environ["PATH"], "DESTDIR": str(tree)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert said in ended.stderr
    assert contents(tree) == before
