"""How the sandbox writes HTML down as text: as Microsoft's published converter does."""

import pytest

from timetable_sync.sandbox.ews.bodies import laid_out


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", "\r\n"),
        ("Dr Who", "Dr Who\r\n"),
        ("<p>Dr  Who</p>\n<p>Dr&nbsp;No</p>", "Dr Who\r\n\r\nDr No\r\n"),
        ('<p class="MsoNormal">Dr Who</p><p class="MsoNormal">Dr No</p>', "Dr Who\r\nDr No\r\n"),
        ("<div>Dr Who<br>Dr No</div>", "Dr Who\r\nDr No\r\n"),
        ("<b>A</b>bc", "Abc\r\n"),
        ("<ol><li>A</li><li>B<ol><li>C</li></ol></li></ol>", "  1.  A\r\n  2.  B\r\n     *   C\r\n"),
        ("<ol start='4'><li>A</li></ol>", "  1.  A\r\n"),
        ("Dr Who<hr>Dr No", f"Dr Who\r\n{'_' * 32}\r\nDr No\r\n"),
        ("<table><tr><td>Room</td><td>1.2</td></tr></table>", "Room    1.2\r\n"),
        ("<a href='https://example.ac.uk/a b'>Notes</a> here", "Notes<https://example.ac.uk/a%20b> here\r\n"),
        ("<a href='https://example.ac.uk/'>https://example.ac.uk/</a>", "https://example.ac.uk/\r\n"),
        ("<a href='https://example.ac.uk/'>https://example.ac.uk</a>", "https://example.ac.uk<https://example.ac.uk/>\r\n"),
        ("<a href='#below'>Below</a>", "Below\r\n"),
        ("<a href='https://example.ac.uk/'>Never closed", "Never closed\r\n"),
        ("<img src='m.png' alt='The map'>", "[The map]\r\n"),
        ("<img src='https://example.ac.uk/m.png'>", "[https://example.ac.uk/m.png]\r\n"),
        ("<img src='pictures/m.png'>", "[X]\r\n"),
        ("<img src='m.png' width='1' height='1'>", "\r\n"),
        ("<html><head><title>T</title><style>p {}</style></head><body>Dr Who</body></html>", "Dr Who\r\n"),
        ("<pre>Dr Who\n  Dr No</pre>", "Dr Who\r\n  Dr No\r\n"),
    ],
)
def test_html_is_laid_out_as_exchange_does_it(html: str, text: str) -> None:
    assert laid_out(html) == text
