"""The way to Entra ID and to Graph: the proxy that is configured, for every command; the addresses of the tenant's cloud."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.command_line import CONFIGURATION, typed
from tests.entra.openssl import made
from timetable_sync.config.clouds import CLOUDS, NAMES
from timetable_sync.config.load import load
from timetable_sync.config.schema import Settings
from timetable_sync.entra.clouds import wrong_cloud


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    certificate, key = made()
    file = tmp_path / "certificate.pem"
    file.touch(mode=0o600)
    file.write_bytes(certificate + key)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configured(folder: Path, more: str) -> Settings:
    head, _, tail = CONFIGURATION.partition("[state]")
    file = folder / "timetable-sync.toml"
    file.write_text(f"{head}{more}\n[state]{tail}", "utf-8")
    return load(file, {}).settings


@pytest.mark.parametrize("cloud", NAMES)
def test_every_address_follows_the_cloud_and_agrees_with_the_others(folder: Path, cloud: str) -> None:
    settings = configured(folder, f'cloud = "{cloud}"')
    entra, known = settings.application, next(one for name, one in CLOUDS.items() if name == cloud)
    assert (entra.authority, entra.scope) == (known.authority, f"{known.exchange}/.default")
    assert (entra.graph, entra.graph_scope) == (known.graph, f"{known.graph}/.default")
    assert settings.ews.endpoint == f"{known.exchange}/EWS/Exchange.asmx"
    assert wrong_cloud(settings) is None


def test_an_address_that_is_set_counts_and_a_mixture_is_named(folder: Path) -> None:
    settings = configured(folder, 'cloud = "china"\ngraph = "https://graph.example.ac.uk"\nauthority = "https://login.microsoftonline.com"')
    assert settings.application.graph == "https://graph.example.ac.uk"
    mixed = wrong_cloud(settings)
    assert mixed is not None
    assert "entra.authority in Microsoft 365" in mixed.message
    assert "21Vianet" in mixed.message


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that lets nobody through, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_error(502)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "words", [("token",), ("certificate", "roll", "--early", "--graph"), ("certificate", "roll", "--retire", "expired")]
)
def test_every_command_that_signs_in_goes_by_the_configured_proxy(
    folder: Path, proxy: tuple[str, list[str]], words: tuple[str, ...]
) -> None:
    address, asked = proxy
    configured(folder, f'[network]\nproxy = "{address}"')
    assert typed(*words) == 1
    assert set(asked) == {"login.microsoftonline.com:443"}
