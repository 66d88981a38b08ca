"""The JSON report: whole, readable by strict parsers, and just what docs/report-json.md says."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.reports import summaries
from timetable_sync.model.change import Reason
from timetable_sync.reports import json_report
from timetable_sync.reports.summary import Outcome, Status, Trouble

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "report-json.md"

#: Below these, keys are data (reasons, operations) or told in words in the documentation.
FREE = ("timetable.bad_rows.by_reason", "requests", "figures.calendars", "figures.changes", "figures.effective")
SAID_TO_BE_ALIKE = ("worth_knowing[]", "calendars[].held[]", "calendars[].trouble", "calendars[].changes[].trouble")
SIDES_AS_IN_A_CHANGE = ("calendars[].left_alone[].before", "calendars[].left_alone[].after")


def parsed(summary: Any) -> Any:
    return json.loads(document_of(summary))


def document_of(summary: Any) -> str:
    out = StringIO()
    json_report.write(summary, out)
    return out.getvalue()


def paths(value: object, at: str = "") -> Iterator[str]:
    if at:
        yield at
    if at in FREE:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                yield from paths(inner, f"{at}[]")


def documented() -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", DOCUMENTATION.read_text("utf-8"), re.MULTILINE))


def test_every_documented_key_is_in_the_report() -> None:
    found = {*paths(parsed(summaries.everything())), *paths(parsed(summaries.failed()))}
    assert len(documented()) > 90
    assert documented() - found == set()


def test_every_key_of_the_report_is_documented() -> None:
    known = documented()
    inner = {path.rpartition(".")[0].removesuffix("[]") for path in known if "." in path}
    for path in paths(parsed(summaries.everything())):
        if path.startswith((*SAID_TO_BE_ALIKE, *SIDES_AS_IN_A_CHANGE)):
            continue
        bare = path.removesuffix("[]")
        assert bare in known or bare in inner, path


def test_the_documentation_names_every_status_fate_and_reason() -> None:
    text = DOCUMENTATION.read_text("utf-8")
    words = [*(status.value.replace(" ", "_") for status in Status), *(fate.value.replace(" ", "_") for fate in Outcome), *Reason]
    assert [word for word in words if f"`{word}`" not in text] == []


def test_the_schema_number_is_the_documented_one() -> None:
    assert parsed(summaries.quiet())["schema"] == json_report.SCHEMA
    assert f"version of this format: {json_report.SCHEMA} |" in DOCUMENTATION.read_text("utf-8")


def test_a_change_is_there_with_both_sides_reason_and_fate() -> None:
    calendar = parsed(summaries.ordinary())["calendars"][0]
    moved = calendar["changes"][0]
    assert (moved["action"], moved["reason"], moved["fate"]) == ("update", "the timetable changed", "done")
    assert moved["differs"] == ["start", "end", "location"]
    assert (moved["before"]["start"], moved["after"]["start"]) == ("2026-11-24T09:00:00+00:00", "2026-11-24T10:00:00+00:00")
    assert (moved["before"]["location"], moved["after"]["location"]) == ("Room 1.01", "Room 3.07")
    created, deleted = calendar["changes"][2], calendar["changes"][3]
    assert created["before"] is None
    assert deleted["after"] is None


def test_nothing_is_cut_in_it() -> None:
    report = parsed(summaries.long(400, 4))
    assert [len(calendar["changes"]) for calendar in report["calendars"]] == [100] * 4
    held = next(calendar for calendar in parsed(summaries.everything())["calendars"] if calendar["name"] == "COMP999")
    assert len(held["changes"]) == 41


def test_times_carry_the_offset_of_the_timetables_zone() -> None:
    summer = datetime.fromisoformat("2026-07-01T08:00:00+00:00")
    report = parsed(summaries.summary(started=summer))
    assert report["started"] == "2026-07-01T09:00:00+01:00"


def test_nasty_texts_come_back_as_they_were_but_for_lone_surrogates() -> None:
    calendars = parsed(summaries.nasty())["calendars"]
    for text, calendar in zip(summaries.NASTY, calendars, strict=True):
        expected = re.sub("[\ud800-\udfff]", "\ufffd", text)
        assert calendar["name"] == expected
        assert calendar["changes"][0]["after"]["body"] == expected


def test_it_is_utf8_that_strict_parsers_take() -> None:
    text = document_of(summaries.nasty())
    assert text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f]", text)


def test_a_secret_in_a_services_message_is_not_in_it() -> None:
    trouble = Trouble("401 for Bearer abcdefghijklmnop.qrstuv", "client_assertion=eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln")
    text = document_of(summaries.summary(failure=trouble, needs_you=(trouble,), cut_short=trouble.message))
    assert "abcdefghijklmnop" not in text
    assert "eyJ" not in text


def test_every_change_has_a_line_of_its_own() -> None:
    lines = document_of(summaries.ordinary()).splitlines()
    assert sum(line.lstrip().startswith('{"action"') for line in lines) == 12


@pytest.mark.parametrize("name", ["quiet", "ordinary", "everything", "run_held", "dry", "failed", "nasty"])
def test_every_night_gives_one_document(name: str) -> None:
    report = parsed(getattr(summaries, name)())
    assert report["figures"]["calendars"]["total"] == len(report["calendars"])
