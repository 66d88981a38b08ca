"""Relative paths start at the configuration's folder, wherever the command is typed."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.config.configuration import SHORTEST, read, with_line


def test_every_path_starts_at_the_configurations_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    for name in ("timetable.sql", "ca.pem"):
        (folder / name).touch()
    text = with_line("timetable", "password = { file = 'secrets/db' }").replace("SELECT * FROM lesson", "file:timetable.sql")
    text += "[ews]\nca_bundle = 'ca.pem'\n[report]\ndirectory = 'reports'\n[state]\nurl = 'sqlite:///state.db'\n"
    monkeypatch.chdir(tmp_path)
    settings = read(Path("etc"), text, {"TIMETABLE_SYNC_ENTRA__KEY__FILE": "../key.pem"}).settings
    assert settings.timetable.password is not None
    assert settings.timetable.password.file == folder / "secrets/db"
    assert settings.timetable.query == f"file:{folder}/timetable.sql"
    assert settings.timetable.url == f"sqlite:///{folder}/timetable.db"
    assert settings.state.url == f"sqlite:///{folder}/state.db"
    assert settings.ews.ca_bundle == folder / "ca.pem"
    assert settings.report.directory == folder / "reports"
    assert settings.application.key is not None
    assert settings.application.key.file == folder / "../key.pem"


def test_whole_paths_stay(tmp_path: Path) -> None:
    text = SHORTEST.replace("sqlite:///timetable.db", "sqlite:////srv/timetable.db") + "[report]\ndirectory = '/var/reports'\n"
    settings = read(tmp_path, text).settings
    assert settings.timetable.url == "sqlite:////srv/timetable.db"
    assert settings.report.directory == Path("/var/reports")


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://reader@db/timetable?sslmode=require", "sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"],
)
def test_what_is_no_file_stays(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, SHORTEST.replace("sqlite:///timetable.db", url)).settings.timetable.url == url


@pytest.mark.parametrize("name", ["timetable.db", "a b/t%3f#ä.db"])
@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///file:{}?mode=ro&uri=true"])
def test_the_database_that_is_meant_is_the_one_that_is_opened(tmp_path: Path, name: str, form: str) -> None:
    folder = tmp_path / "odd #1 100%"
    file = folder / name
    file.parent.mkdir(parents=True)
    sqlite3.connect(file).executescript("CREATE TABLE here (n); INSERT INTO here VALUES (7)")
    given = name.replace("%", "%25").replace("#", "%23") if "uri=true" in form else name
    settings = read(folder, SHORTEST.replace("sqlite:///timetable.db", form.format(given))).settings
    engine = sa.create_engine(settings.timetable.url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT n FROM here")) == 7
    engine.dispose()


def test_a_link_to_the_configuration_keeps_its_own_folder(tmp_path: Path) -> None:
    # Kubernetes mounts a configuration as a link into a folder with another name.
    data = tmp_path / "..data"
    data.mkdir()
    (data / "timetable-sync.toml").write_text(SHORTEST, "utf-8")
    (tmp_path / "timetable-sync.toml").symlink_to(data / "timetable-sync.toml")
    assert read(tmp_path).base == tmp_path
