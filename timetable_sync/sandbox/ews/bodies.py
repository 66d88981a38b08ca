"""How Exchange hands out a body: HTML wrapped in a whole page, text with CRLF, one made from the other. Stores nothing."""

import html
import re

from timetable_sync.sandbox.ews.layout import laid_out

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
