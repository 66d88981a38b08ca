"""Fixtures for all rooms: the shared test data and real database servers; and what CI asks of every test."""

import logging
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests.databases import MARIADB, POSTGRESQL, database_of_our_own, missing, shared_data

#: Begins the reason of a skip that is right in CI as well: the machine is of another kind.
NOT_HERE = "not here:"

# How long an example takes says more of the machine than of what is tested.
hypothesis.settings.register_profile("untimed", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """Ctrl-C means Ctrl-C to the programs that tests start, also where the tests themselves run in a shell's background.

    A shell has the jobs that it starts with ``&`` ignore SIGINT, and what is ignored is inherited.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ``CI=true`` a skipped test is a failed one: what is not run there is run nowhere."""
    report = yield
    # What a test printed may be no Unicode, on purpose; xdist cannot carry that from its workers, and all tests would end.
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode("utf-8")) for name, text in report.sections]
    if not hasattr(report, "wasxfail"):
        _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that is skipped as a whole."""
    report = yield
    _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI") != "true" or not report.skipped:
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(NOT_HERE):
        report.outcome = "failed"
        report.longrepr = f"{reason}: in CI nothing may be skipped, but for reasons that begin with {NOT_HERE!r}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, so that not one worker alone is still at it when all others are done."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tells the summary what was tried this time, as a seed or a number: of tests whose share is chosen afresh each time."""
    return lambda what: request.node.user_properties.append(("tried", what))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the fixture ``tried`` was told."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome) if report.when == "call"]
    lines = []
    for report in reports:
        if said := [str(what) for name, what in report.user_properties if name == "tried"]:
            lines.append(f"{report.nodeid}: {', '.join(said)}")
    if lines:
        terminalreporter.section("tried this time")
        for line in sorted(lines):
            terminalreporter.line(line)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """What a test sets the logs to, the next one does not find: it may look for a line that would not come any more."""
    loggers = [logging.getLogger(name) for name in (None, "timetable_sync", "py.warnings")]
    before, raising = [(logger, logger.level, list(logger.handlers)) for logger in loggers], logging.raiseExceptions
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the shared test data."""
    return shared_data()


@pytest.fixture(scope="session")
def ews_schemas(shared: Path) -> Path:
    """The folder of Microsoft's schemas of EWS, one for each version. They may not be passed on: others have the data alone."""
    folder = shared / "ews-schema"
    if not folder.is_dir():
        missing(f"Microsoft's schemas of EWS are not in {folder}")
    return folder


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty PostgreSQL database of this test session's own."""
    with database_of_our_own(POSTGRESQL) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """An empty MariaDB database of this test session's own."""
    with database_of_our_own(MARIADB) as url:
        yield url
