"""The Markdown report, read by a real Markdown parser: timetable text stays text."""

from html.parser import HTMLParser
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.reports import summaries
from tests.reports.summaries import calendar, create, event, reported, summary
from timetable_sync.reports import markdown
from timetable_sync.reports.markdown import code, safe
from timetable_sync.reports.sanitize import legible
from timetable_sync.reports.summary import CalendarReport, RunSummary, Status

#: As trackers read it: tables, strikethrough, and raw HTML let through, which is the worst case.
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

#: All that our own Markdown makes.
OURS = {"h2", "h3", "h4", "p", "strong", "ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.add("comment")


def written(run: RunSummary) -> str:
    out = StringIO()
    markdown.write(run, out)
    return out.getvalue()


def read(run: RunSummary) -> Page:
    return Page(READER.render(written(run)))


def test_an_ordinary_night_is_a_table_for_each_calendar() -> None:
    text = written(summaries.ordinary())
    assert "## Night of 24 Nov 2026, 02:00:04 - 02:03:51   run 318" in text
    assert (
        "| changed | **Tue 24 Nov 2026 09:00 - 10:00** · COMP101 Lecture: Algorithms · **Room 1.01** "
        "| **Tue 24 Nov 2026 10:00 - 11:00** · COMP101 Lecture: Algorithms · **Room 3.07** | the timetable changed |"
    ) in text
    assert READER.render(text).count("<table>") == 3


def test_commands_are_code_that_can_be_copied() -> None:
    assert "look: `timetable-sync held COMP999`" in written(summaries.everything())


@pytest.mark.parametrize("text", summaries.NASTY)
def test_nasty_text_is_read_back_as_the_text_it_is(text: str) -> None:
    page = Page(READER.render(safe(text)))
    assert page.tags <= {"p"}
    assert page.text.strip().replace("\u2060", "") == legible(text).strip()


@pytest.mark.parametrize("text", summaries.NASTY)
def test_nasty_text_in_a_table_makes_no_further_cell_or_row(text: str) -> None:
    changes = reported(create(event(text[:255], location=text, body=text, categories=(text,))))
    html = READER.render(written(summary(CalendarReport(calendar("X"), Status.CHANGED, changes=changes))))
    assert html.count("<td>") == 4
    assert Page(html).tags <= OURS


def test_a_night_full_of_nasty_texts_has_no_markup_but_our_own() -> None:
    page = read(summaries.nasty())
    assert page.tags <= OURS
    assert "<script>alert('x')</script>" in page.text


@given(st.text(alphabet=st.sampled_from("\\`*_{}[]()<>#+-.!|~&@:/ ab1\n\t$^=\"'"), max_size=40))
def test_no_mixture_of_signs_becomes_markup(text: str) -> None:
    page = Page(READER.render(f"- {safe(text)}"))
    assert page.tags <= {"ul", "li"}


def test_nobody_is_notified_and_nothing_is_linked() -> None:
    assert "@everyone" not in safe("@everyone see #12")
    assert "#12" not in safe("@everyone see #12").replace("\\", "")
    assert safe("https://example.org") == "https\\://example.org"
    assert safe("www.example.org") == "www\\.example.org"
    assert safe("ada@example.org") == "ada@example.org"


def test_code_holds_backticks_and_pipes() -> None:
    assert Page(READER.render(code("a `b` ``c``"))).text.strip() == "a `b` ``c``"
    assert "|" not in code("a | b")


@pytest.mark.parametrize("name", ["quiet", "ordinary", "everything", "run_held", "dry", "failed"])
def test_every_night_is_read_with_our_markup_only(name: str) -> None:
    page = read(getattr(summaries, name)())
    assert page.tags <= OURS
    assert "24 Nov 2026" in page.text
