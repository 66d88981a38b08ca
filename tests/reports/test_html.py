"""The HTML report: needs nothing, runs nothing, shows everything, and no timetable text can break out of it."""

import re
from collections import Counter
from html.parser import HTMLParser
from io import StringIO

import pytest

from tests.reports import summaries
from tests.reports.summaries import calendar, create, event, reported, summary
from timetable_sync.model.calendar import Calendar
from timetable_sync.reports import html
from timetable_sync.reports.sanitize import legible
from timetable_sync.reports.summary import CalendarReport, RunSummary, Status

VOID = {"meta", "br", "hr", "img", "input", "link"}
SHOWN = {
    *("html", "head", "title", "style", "meta", "body", "header", "main", "section", "footer", "h1", "h2", "p", "span", "dl", "dt", "dd"),
    *("div", "ul", "ol", "li", "details", "summary", "b", "bdi", "a", "code", "abbr", "em", "q", "i", "del", "ins"),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "open", "title", "aria-hidden"}


class Page(HTMLParser):
    """A strict reader: every element closed in its order; tags, attributes and text collected."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def written(run: RunSummary) -> str:
    out = StringIO()
    html.write(run, out)
    return out.getvalue()


def page_of(run: RunSummary) -> Page:
    return Page(written(run))


@pytest.mark.parametrize("name", ["quiet", "ordinary", "everything", "run_held", "dry", "failed", "nasty"])
def test_every_night_is_a_well_formed_page_of_harmless_elements(name: str) -> None:
    page = page_of(getattr(summaries, name)())
    assert {*page.tags} <= SHOWN
    assert {attribute for _, attribute, _ in page.attributes} <= ATTRIBUTES
    assert page.tags["h1"] == 1


@pytest.mark.parametrize("name", ["everything", "nasty"])
def test_the_page_asks_for_nothing_and_links_only_within_itself(name: str) -> None:
    text = written(getattr(summaries, name)())
    links = [value for _, attribute, value in Page(text).attributes if attribute == "href"]
    assert links
    assert all(re.fullmatch(r"#c\d+", link) for link in links)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'; style-src 'unsafe-inline'" in text


def test_every_link_leads_somewhere() -> None:
    page = page_of(summaries.everything())
    ids = {value for _, attribute, value in page.attributes if attribute == "id"}
    assert {value.removeprefix("#") for _, attribute, value in page.attributes if attribute == "href"} <= ids


def test_markup_in_timetable_text_is_shown_and_not_obeyed() -> None:
    page = page_of(summaries.nasty())
    assert page.tags["script"] == page.tags["img"] == 0
    for text in summaries.NASTY:
        for line in text.splitlines()[:1]:
            assert legible(line)[:80] in page.text


def test_no_control_character_or_lone_surrogate_reaches_the_page() -> None:
    text = written(summaries.nasty())
    assert text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_old_and_new_stand_side_by_side_and_what_changed_is_marked() -> None:
    text = written(summaries.ordinary())
    first = text[text.index('<li class="u">') :]
    first = first[: first.index("</li>")]
    old, new = first.split('<div class="n">')
    assert "<del>Tue 24 Nov 2026 09:00\N{EN DASH}10:00</del>" in old
    assert "<del>Room 1.01</del>" in old
    assert "<ins>Tue 24 Nov 2026 10:00\N{EN DASH}11:00</ins>" in new
    assert "<ins>Room 3.07</ins>" in new
    assert "<del>COMP101" not in old


def test_every_change_of_every_calendar_is_on_the_page() -> None:
    page = page_of(summaries.everything())
    entries = [value for tag, attribute, value in page.attributes if (tag, attribute) == ("li", "class") and value in "cudk"]
    assert len(entries) == sum(len(report.changes) + len(report.left_alone) for report in summaries.everything().calendars)


def test_what_needs_a_person_comes_before_what_is_worth_knowing_and_that_before_changes() -> None:
    text = written(summaries.everything())
    places = [text.index(f'<section id="{name}"') for name in ("needs-you", "worth-knowing", "calendars", "unchanged")]
    assert places == sorted(places)


def test_the_gravest_calendars_come_first() -> None:
    text = written(summaries.everything())
    statuses = re.findall(r'<span class="status [a-z-]+">([a-z ]+)</span>', text)
    assert statuses == ["failed", "failed", "held", "cut short", "changed", "planned", "report only"]


def test_a_page_of_few_changes_is_open_and_one_of_very_many_is_closed() -> None:
    def opened(run: RunSummary) -> int:
        return sum(tag == "details" and attribute == "open" for tag, attribute, _ in page_of(run).attributes)

    assert opened(summaries.ordinary()) == 3
    assert opened(summaries.long(1_200, 4)) == 0


def test_markup_stays_lean_with_many_changes() -> None:
    few, many = (len(written(summaries.long(changes, 4))) for changes in (400, 1_200))
    assert (many - few) / 800 < 600


def test_a_quiet_night_says_that_all_is_well() -> None:
    page = page_of(summaries.quiet())
    assert "Every calendar stood as the timetable says; nothing was written." in page.text
    assert "Needs you" not in page.text


def test_the_tone_tells_good_from_held_from_failed() -> None:
    tones = [re.findall(r'class="verdict ([a-z]+)"', written(run)) for run in (summaries.quiet(), summaries.run_held(), summaries.failed())]
    assert tones == [["good"], ["held"], ["failed"]]


def test_two_calendars_of_the_same_name_have_places_of_their_own() -> None:
    twins = [
        CalendarReport(Calendar(address, "Twin"), Status.CHANGED, changes=reported(create(event())))
        for address in ("a@example.org", "b@example.org")
    ]
    ids = [value for tag, attribute, value in page_of(summary(*twins)).attributes if (tag, attribute) == ("details", "id")]
    assert ids == ["c1", "c2"]


def test_a_long_text_is_cut_with_its_length() -> None:
    changes = reported(create(event(body="lecture " * 625)))
    assert "(5,000 characters)" in page_of(summary(CalendarReport(calendar("X"), Status.CHANGED, changes=changes))).text


def test_the_zone_of_the_times_is_named() -> None:
    assert "times are Europe/London" in page_of(summaries.ordinary()).text
