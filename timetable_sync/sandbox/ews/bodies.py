"""How Exchange hands out a body: HTML wrapped in a whole page, text with CRLF, one made from the other.

HTML is laid out as text after Microsoft's own converter, which it published with the Web Protection Library (HtmlToTextConverter.cs and
TextOutput.cs, namespace Microsoft.Exchange.Data.TextConverters), without what depends on fonts, line lengths and East Asian line ends.
"""

import html
import re
from html.parser import HTMLParser

_HIDDEN = {"comment", "noembed", "noframes", "script", "style", "title"}
_LISTS = {"dir", "menu", "ol", "ul"}
_PREFORMATTED = {"listing", "plaintext", "pre", "xmp"}
_BLOCKS = {"address", "blockquote", "body", "center", "div", "fieldset", "form", "h1", "h2", "h3", "h4", "h5", "h6", "html", "table", "tr"}
_RUNS = re.compile(r"[ \t\r\n\f]+|\xa0+|[^ \t\r\n\f\xa0]+")
#: A picture that is smaller, in pixels, is none.
_SMALLEST = 8


def laid_out(page: str) -> str:
    """An HTML body as plain text."""
    layout = _Layout()
    layout.feed(page)
    layout.close()
    return "".join(f"{line.rstrip(' ')}\r\n" for line in layout.lines) or "\r\n"


class _Layout(HTMLParser):
    """Writes ``lines``; the last one once it is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line = ""
        self._started = self._wide = self._blank = False
        self._hidden = self._preformatted = False
        self._closes_wide, self._ignores_p = True, False
        self._level, self._index, self._ordered = 0, 1, False
        self._address, self._link_text = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "").strip() for name, value in attrs}
        if tag in _HIDDEN:
            self._hidden = True
        elif tag == "a":
            self._end_link()
            self._begin_link(values.get("href", ""))
        elif tag == "img":
            self._picture(values)
        elif tag in ("td", "th"):
            if self._started:
                self._line += " " * (8 - len(self._line) % 8)
            self._blank = False
        elif tag == "p":
            self._begin_paragraph(values.get("class", ""))
        elif tag in _LISTS:
            self._begin_list(ordered=tag == "ol")
        elif tag == "li":
            self._entry()
        elif tag in ("dt", "dd"):
            if self._started:
                self._end_line()
        elif tag in _PREFORMATTED:
            self._end_paragraph(wide=True)
            self._preformatted = True
        else:
            self._either_end(tag)
        self._ignores_p = tag == "li"

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = False
        elif tag == "a":
            self._end_link()
        elif tag in ("td", "th"):
            self._started = True
        elif tag == "p":
            self._end_paragraph(wide=self._closes_wide)
            self._closes_wide = True
        elif tag in _LISTS:
            self._level = max(0, self._level - 1)
            self._end_paragraph(wide=self._level == 0)
        elif tag in _PREFORMATTED:
            self._end_paragraph(wide=True)
            self._preformatted = False
        elif tag not in ("br", "hr"):
            self._either_end(tag)
        self._ignores_p = False

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self._link_text += data
        if self._preformatted:
            first, *others = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._write(first.replace("\xa0", " "))
            for line in others:
                self._end_line()
                self._write(line.replace("\xa0", " "))
            return
        for run in _RUNS.findall(data):
            if run.isspace() and run[0] != "\xa0":
                self._blank = self._started
            else:
                self._write(" " * len(run) if run[0] == "\xa0" else run)

    def close(self) -> None:
        super().close()
        if self._started:
            self._end_line()

    def _either_end(self, tag: str) -> None:
        if tag in ("br", "option"):
            self._end_line()
        elif tag == "hr":
            self._end_paragraph(wide=False)
            self._write("_" * 32)
            self._end_paragraph(wide=False)
        elif tag == "dl":
            self._end_paragraph(wide=True)
        elif tag in _BLOCKS:
            self._end_paragraph(wide=False)

    def _write(self, text: str) -> None:
        if not text:
            return
        if not self._started:
            if self._wide and self.lines:
                self.lines.append("")
            self._started, self._wide = True, False
        self._line += (" " if self._blank else "") + text
        self._blank = False

    def _end_line(self) -> None:
        self.lines.append(self._line)
        self._line, self._started, self._wide, self._blank = "", False, False, False

    def _begin_paragraph(self, style: str) -> None:
        if not self._ignores_p:
            self._end_paragraph(wide=True)
        self._closes_wide = style.lower() != "msonormal"
        self._wide = self._wide and self._closes_wide

    def _end_paragraph(self, *, wide: bool) -> None:
        self._end_link()
        was = self._wide
        if self._started:
            self._end_line()
        self._wide, self._blank = was or wide, False

    def _begin_list(self, *, ordered: bool) -> None:
        self._end_paragraph(wide=self._level == 0)
        self._level = min(10, self._level + 1)
        if self._level == 1:
            self._index, self._ordered = 1, ordered
        self._closes_wide = False

    def _entry(self) -> None:
        self._end_paragraph(wide=False)
        self._write("  " + "   " * (self._level - 1))
        if self._level > 1 or not self._ordered:
            self._write("*   ")
        else:
            self._write(f"{self._index}.".ljust(4))
            self._index += 1

    def _begin_link(self, address: str) -> None:
        if address and address[0] not in "#?;":
            self._address, self._link_text = address.replace(" ", "%20"), ""

    def _end_link(self) -> None:
        address, self._address = self._address, ""
        if address and self._link_text.strip() != address:
            spaced = self._blank
            self._write(f"<{address}>")
            self._blank = spaced

    def _picture(self, values: dict[str, str]) -> None:
        sizes = [int(found[0]) for name in ("width", "height") if (found := re.match(r"[0-9]+", values.get(name, "")))]
        if any(size < _SMALLEST for size in sizes):
            return
        spaced, source = self._blank, values.get("src", "").replace(" ", "%20")
        if "/" in source and not source.lower().startswith(("http://", "https://")):
            source = ""
        self._write(f"[{values.get('alt') or source or 'X'}]")
        self._blank = spaced


_HEAD = '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n<body>\r\n'
_PAGE = _HEAD + "{}\r\n</body>\r\n</html>\r\n"
_FROM_TEXT = (
    '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'
    '<meta name="Generator" content="Microsoft Exchange Server">\r\n<!-- converted from text -->\r\n'
    "<style><!-- .EmailQuote {{ margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; }} --></style></head>\r\n<body>\r\n"
    '<font size="2"><span style="font-size:11pt;"><div class="PlainText">{}</div></span></font>\r\n</body>\r\n</html>\r\n'
)
_META = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'


def crlf(text: str) -> str:
    """Every line's end as CRLF."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def page_of(fragment: str) -> str:
    """An HTML body as it is handed out: a page with the fragment in it, whatever was stored."""
    text = crlf(fragment)
    if not re.search(r"<html[\s>]", text, re.IGNORECASE):
        return _PAGE.format(text)
    if "http-equiv" not in text.lower():
        text = re.sub(r"(<head[^>]*>)", r"\1\r\n" + _META, text, count=1, flags=re.IGNORECASE)
        if "<head" not in text.lower():
            text = re.sub(r"(<html[^>]*>)", r"\1\r\n<head>\r\n" + _META + "</head>\r\n", text, count=1, flags=re.IGNORECASE)
    return text


def body_as(stored: str, stored_type: str, wanted: str) -> tuple[str, str]:
    """The body in the form wanted (Best, HTML, Text), and which form it has."""
    if wanted == "Best":
        wanted = stored_type
    if stored_type == "HTML":
        return (page_of(stored), "HTML") if wanted == "HTML" else (laid_out(stored), "Text")
    if wanted == "Text":
        return crlf(stored), "Text"
    return _FROM_TEXT.format(crlf(html.escape(stored, quote=False)).replace("\r\n", "<br>\r\n")), "HTML"
