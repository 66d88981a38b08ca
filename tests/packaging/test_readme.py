"""The commands of the README and of docs/sandbox.md, typed as they are printed there."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from timetable_sync.cli.app import app
from timetable_sync.config.schema import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text("utf-8")

#: Blocks that a comment names: <!-- try: name --> and then a fenced block.
BLOCKS = dict(re.findall(r"<!-- try: (\w+) -->\n```sh\n(.*?)```", SANDBOX, re.DOTALL))


@pytest.mark.parametrize(("page", "least"), [("README.md", 8), ("docs/operating.md", 20), ("docs/sandbox.md", 4), ("docs/decisions.md", 1)])
def test_every_command_of_the_readme_and_of_the_pages_for_users_is_one(page: str, least: int) -> None:
    command = get_command(app)
    typed = re.findall(r"(?:^|[ /`])timetable-sync ([a-z][^`\n]*)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert len(typed) >= least
    for line in typed:
        found = command
        for word in line.split():
            if not hasattr(found, "commands"):
                break
            assert word in found.commands, line
            found = found.commands[word]
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in line.split() if word.startswith("--")} <= options | {"--help"}, line


def anchors(page: Path) -> set[str]:
    """The anchors of ``page``'s headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))])
def test_every_file_and_heading_that_a_page_points_to_is_there(page: str) -> None:
    here = ROOT / page
    for target in re.findall(r"\]\(([^)\s]+)\)", here.read_text("utf-8")):
        if not target.startswith("http"):
            name, _, anchor = target.partition("#")
            there = here.parent / name if name else here
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), target


def test_every_make_target_of_the_readme_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+(?:-[a-z]+)?)\b(?=`| {2})", README)) <= targets


def test_the_configuration_of_the_readme_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    settings = Settings.model_validate(tomllib.loads(text))
    assert settings.calendars.pilot == ["COMP1*"]


@pytest.mark.slow
@pytest.mark.shared
def test_the_sandbox_page_works_as_it_is_printed(shared: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").write_text(f'PATH="{Path(sys.executable).parent}:$PATH"\n')
    data = str(shared / "data" / "unitime-woebegon.sqlite")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"

    def typed(name: str, folder: Path) -> str:
        text = BLOCKS[name].replace("/path/to/unitime-woebegon.sqlite", data)
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=250, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    typed("prepare", tmp_path)
    folder = tmp_path / "try"
    sandbox = subprocess.Popen(
        ["bash", "-euc", BLOCKS["sandbox"].replace("\ntimetable-sync", "\nexec timetable-sync")],
        cwd=folder, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert sandbox.stdout is not None
        for line in sandbox.stdout:
            if "export " in line:
                break
        dry, first, second = re.split(r"(?m)^(?=Night of)", typed("nights", folder))
    finally:
        sandbox.send_signal(signal.SIGTERM)
        sandbox.communicate(timeout=30)
    assert "6,722 to be created" in dry
    assert "21 calendars changed: 6,722 created, 0 updated, 0 deleted" in first
    assert "0 calendars changed" in second
    assert (folder / "plan.html").stat().st_size
