"""The daemon's metrics follow the configuration in force."""

import socket
from pathlib import Path

import pytest
import requests

from tests.config.configuration import SHORTEST, read
from timetable_sync.config.schema import Settings
from timetable_sync.daemon.metrics_server import MetricsServer
from timetable_sync.errors import UsageError


def settings(folder: Path, port: int | None) -> Settings:
    listen = "" if port is None else f'[metrics]\nlisten = "127.0.0.1:{port}"\n'
    return read(folder, f'{SHORTEST}[state]\nurl = "sqlite:///{folder}/state.db"\n{listen}').settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        return "timetable_sync" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    except requests.ConnectionError:
        return False


def test_they_are_told_where_the_configuration_says_and_move_with_it(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    numbers = MetricsServer({})
    try:
        numbers.follow(settings(tmp_path, first))
        assert answers(first)
        numbers.follow(settings(tmp_path, second))
        assert (answers(first), answers(second)) == (False, True)
        numbers.follow(settings(tmp_path, None))
        assert not answers(second)
    finally:
        numbers.close()


def test_a_port_that_somebody_has_is_refused_and_the_old_one_answers_on(tmp_path: Path) -> None:
    port = free_port()
    numbers = MetricsServer({})
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        try:
            numbers.follow(settings(tmp_path, port))
            with pytest.raises(UsageError, match="nothing can listen"):
                numbers.follow(settings(tmp_path, somebody.getsockname()[1]))
            assert answers(port)
        finally:
            numbers.close()
