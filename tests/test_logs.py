"""The log: one handler for ours and the libraries', on standard error, without secrets."""

import json
import logging
import re
import threading
import warnings

import pytest
import structlog

from timetable_sync import logs
from timetable_sync.logs import Form

TOKEN = "eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"  # made up


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_text_has_moment_level_words_facts_and_origin(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(1)
    structlog.stdlib.get_logger("timetable_sync.night").info("report written", path="reports/a.html")
    line = said(capsys)
    assert line.endswith("Z info     report written  path=reports/a.html  [timetable_sync.night]\n")
    assert line[:2] == "20"


#: What a line of text is made of, read by its form alone.
LINE = re.compile(
    r'(?P<at>\S+Z) (?P<level>\w+) +(?P<said>.*?)(?P<facts>(?:  [^\s="]+=(?:"(?:\\.|[^"\\])*"|[^\s="]+))*)  \[(?P<logger>[\w.]+)\]'
)
FACT = re.compile(r'  ([^\s="]+)=("(?:\\.|[^"\\])*"|[^\s="]+)')


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "two words",
        "",
        " ",
        "a=b",
        'say "so"',
        "back\\slash",
        "two\nlines  x=1",
        "\x1b[31m",
        "\u00a0\u2028",
        "Zürich",
        "\U0001f4da",
        "a  b=c  [x]",
    ],
)
def test_facts_of_a_line_of_text_read_back_as_they_were(capsys: pytest.CaptureFixture[str], value: str) -> None:
    logs.configure(1)
    structlog.stdlib.get_logger("timetable_sync.night").info("calendar changed", calendar=value, created=3, where="R 1")
    line = said(capsys)
    assert line.count("\n") == 1
    assert line.rstrip("\n").isprintable()
    found = LINE.fullmatch(line.rstrip("\n"))
    assert found is not None, line
    facts = {name: json.loads(text) if text.startswith('"') else text for name, text in FACT.findall(found["facts"])}
    assert (found["level"], found["said"], found["logger"]) == ("info", "calendar changed", "timetable_sync.night")
    assert facts == {"calendar": value, "created": "3", "where": "R 1"}


def test_a_fact_of_one_word_stands_without_quotes_and_any_other_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(1)
    structlog.stdlib.get_logger("timetable_sync.night").info("said", calendar="CS 101", address="cs-101@x.uk", path="a/b.html")
    assert '  said  calendar="CS 101"  address=cs-101@x.uk  path=a/b.html  [' in said(capsys).replace("info     ", "  ")


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(1, "json")
    structlog.stdlib.get_logger("timetable_sync.night").warning("two\nlines", count=3)
    logging.getLogger("timetable_sync.state").warning("from %s", "the standard library")
    first, second = (json.loads(line) for line in said(capsys).splitlines())
    assert (first["event"], first["count"], first["level"], first["logger"]) == ("two\nlines", 3, "warning", "timetable_sync.night")
    assert second["event"] == "from the standard library"
    assert second["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("verbosity", "heard"),
    [
        (logs.QUIET, ["ours error"]),
        (0, ["ours warning", "ours error", "theirs error"]),
        (1, ["ours info", "ours warning", "ours error", "theirs warning", "theirs error"]),
        (2, ["ours debug", "ours info", "ours warning", "ours error", "theirs info", "theirs warning", "theirs error"]),
        (
            3,
            ["ours debug", "ours info", "ours warning", "ours error", "theirs debug", "theirs info", "theirs warning", "theirs error"],
        ),
        (9, [f"{whose} {level}" for whose in ("ours", "theirs") for level in ("debug", "info", "warning", "error")]),
    ],
)
def test_each_v_tells_more(verbosity: int, heard: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(verbosity, "json")
    for whose, name in (("ours", "timetable_sync.x"), ("theirs", "exchangelib.util")):
        for level in ("debug", "info", "warning", "error"):
            getattr(logging.getLogger(name), level)(f"{whose} {level}")
    assert [json.loads(line)["event"] for line in said(capsys).splitlines()] == heard


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["exchangelib.util", "requests_oauthlib.oauth2_session", "urllib3.connectionpool", "timetable_sync.entra"])
def test_tokens_that_libraries_print_at_debug_do_not_get_through(name: str, form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(3, form)
    log = logging.getLogger(name)
    log.debug("Request headers: %s", {"Authorization": f"Bearer {TOKEN}", "X-AnchorMailbox": "a@example.org"})
    log.debug("body client_id=1&client_assertion=%s", TOKEN)
    log.debug({"access_token": "opaque-but-secret"})
    log.debug("%(url)s", {"url": "postgresql://reader:hunter2@db/x"})
    structlog.stdlib.get_logger(name).debug("structured", access_token="opaque-but-secret", nested={"headers": [f"Bearer {TOKEN}"]})
    text = said(capsys)
    assert text.count("[redacted]") >= 6
    for secret in ("eyJ", "c2lnbmF0dXJl", "opaque-but-secret", "hunter2"):
        assert secret not in text
    assert "a@example.org" in text


def raise_with_secret() -> None:
    raise ConnectionError("cannot reach postgresql://reader:hunter2@db/x")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_shown_at_debug_only_and_never_with_secrets(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    for verbosity, shown in ((1, False), (2, True)):
        logs.configure(verbosity, form)
        try:
            raise_with_secret()
        except ConnectionError:
            logging.getLogger("timetable_sync.x").exception("it failed")
            structlog.stdlib.get_logger("timetable_sync.x").error("it failed", exc_info=True)
        text = said(capsys)
        assert text.count("Traceback") == (2 if shown else 0)
        assert text.count("ConnectionError: cannot reach postgresql://reader:[redacted]@db/x") == 2
        assert "hunter2" not in text


def test_a_line_that_cannot_be_formatted_is_neither_raw_nor_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0)
    logging.getLogger("timetable_sync.x").warning("%d token", "Bearer abcdefghijkl")
    assert said(capsys) == "warning timetable_sync.x: a log line that could not be formatted\n"


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0)
    logging.getLogger("timetable_sync.x").warning("red \x1b[31m \x07 lone \ud800")
    assert "red \\x1b[31m \\x07 lone \\xd800" in said(capsys)


def test_facts_that_are_bound_stand_on_every_line_of_every_thread(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0, "json")
    with logs.bound(run=318):
        thread = threading.Thread(target=lambda: logging.getLogger("timetable_sync.x").warning("from a thread"))
        thread.start()
        thread.join()
        structlog.stdlib.get_logger("timetable_sync.y").warning("from here")
    logging.getLogger("timetable_sync.x").warning("afterwards")
    assert [json.loads(line).get("run") for line in said(capsys).splitlines()] == [318, 318, None]


def test_of_two_threads_the_first_to_begin_may_be_the_first_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0, "json")
    first, second = logs.bound(run=1), logs.bound(run=2)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    logging.getLogger("timetable_sync.x").warning("one is left")
    second.__exit__(None, None, None)
    logging.getLogger("timetable_sync.x").warning("afterwards")
    assert [json.loads(line).get("run") for line in said(capsys).splitlines()] == [2, None]


def test_configuring_twice_does_not_say_everything_twice(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0)
    logs.configure(0)
    logging.getLogger("timetable_sync.x").warning("once")
    assert said(capsys).count("once") == 1


def test_warnings_of_python_are_kept_for_those_who_ask(capsys: pytest.CaptureFixture[str]) -> None:
    for verbosity, heard in ((0, False), (1, True)):
        logs.configure(verbosity)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            warnings.warn("something is deprecated", stacklevel=1)
        assert ("something is deprecated" in said(capsys)) is heard


def test_what_becomes_known_on_the_way_is_on_every_line_until_the_run_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0, "json")
    log = structlog.stdlib.get_logger("timetable_sync.x")
    logs.bind(run=1)  # nothing is bound: it would stay for ever
    with logs.one_run():
        log.warning("before it has a number")
        logs.bind(run=318)
        log.warning("then")
    with logs.one_run():
        log.warning("the next one")
    log.warning("afterwards")
    first, second, third, last = (json.loads(line) for line in said(capsys).splitlines())
    assert ("run" in first, second["run"], "run" in third, "run_id" in last) == (False, 318, False, False)
    assert first["run_id"] == second["run_id"] != third["run_id"]
    assert len(first["run_id"]) == 12
