"""Tells whether a body that was read back is what was written, as far as a person can see, and where its links lead.

Exchange does not give a body back as it got it: asked for as text, HTML is laid out. Microsoft published that converter with its Web
Protection Library (HtmlToTextConverter and TextOutput, namespace Microsoft.Exchange.Data.TextConverters): entries of a list get a bullet
or, in an outermost numbered one, a number; a rule is drawn of underscores; a link's target follows in angle brackets unless its text is
that very address; a picture is its name in square brackets, else its address or "X", and nothing where it is tiny; a non-breaking space is
a space; lines are wrapped. A calendar's HTML may go by way of RTF, which knows neither the rules nor all pictures.

So what is written becomes a row of steps, each of which may be taken in one way or several: a word only as it stands, with each sign.
A link's target is compared in one form for all ways of writing the same address.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote, unquote_to_bytes

from timetable_sync.model.event import BodyKind

#: An address in a text, which Outlook makes a link of. A mail address has no scheme there.
IN_TEXT = re.compile(r"(?:https?://|ftp://|mailto:|www\.)[^\s<>]+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)

#: What stands behind an address and is no part of it.
_BEHIND = ".,;:!?'\")]}"

_PARTS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*:)(?P<host>//[^/?#]*)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_ENCODED = re.compile(r"(?:%[0-9a-f]{2})+", re.IGNORECASE)
_ENDS_OF_LINES = re.compile(r"[\r\n\t]+")
_UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")

#: Microsoft Defender puts its own address in place of another and keeps that as ``url``; one for each national cloud.
#: https://learn.microsoft.com/defender-office-365/safe-links-about
_SAFE_LINK = re.compile(
    r"https://[a-z0-9-]+\.safelinks\.protection\.(?:outlook\.com|office365\.us|outlook\.cn|apps\.mil)/[^?#]*\?(?:[^#]*&)?url=([^&#]*)",
    re.IGNORECASE,
)


def target_of(address: str) -> str:
    """The target of ``address``: equal for two that lead to the same place, and only for these.

    Scheme and host in small letters, a bare host without its slash, percent-encoding only where it is needed (RFC 3986, 6.2.2 and 6.2.3);
    a Safe Link's is that of the address that it stands for.
    """
    address = _ENDS_OF_LINES.sub("", address).strip()
    while (safe := _SAFE_LINK.match(address)) is not None:
        address = unquote_to_bytes(safe[1]).decode("utf-8", "replace")
    found = _PARTS.fullmatch(address)
    if found is None:
        return _encoded(address)
    scheme, host, rest = found["scheme"].lower(), (found["host"] or ""), found["rest"]
    if scheme == "mailto:":
        name, at, domain = rest.partition("@")
        domain, mark, more = domain.partition("?")
        rest = name + at + domain.lower() + mark + more
    user, at, name = host.rpartition("@")
    return _encoded(scheme + user + at + name.lower() + ("" if host and rest == "/" else rest))


def targets_of_text(text: str) -> frozenset[str]:
    """The targets that a link may have which is made of an address in a text."""
    if "@" in text and not re.match(r"\w+:|www\.", text, re.IGNORECASE):
        return frozenset({target_of("mailto:" + text)})
    if text.lower().startswith("www."):
        return frozenset({target_of("http://" + text), target_of("https://" + text)})
    return frozenset({target_of(text)})


def without_signs_behind(address: str) -> str:
    """An address that was found in a text, without what ends the sentence."""
    return address.rstrip(_BEHIND)


def _encoded(text: str) -> str:
    plain = _ENCODED.sub(lambda run: "".join(_decoded(byte) for byte in unquote_to_bytes(run[0])), text)
    # What is reserved means something else encoded than bare, and stays as it is.
    return quote(plain, safe="!#$%&'()*+,/:;=?@[]~", errors="surrogatepass")


def _decoded(byte: int) -> str:
    sign = bytes([byte])
    return sign.decode("ascii") if _UNRESERVED.match(sign) else f"%{byte:02X}"


#: From a place in the text that was read, to those behind what was found there.
_Step = Callable[[str, int], Iterable[int]]

_TAG = re.compile(r"<[^>]*>?")
_BLANKS = re.compile(r"\s+")
_RULE = re.compile(r"_{3,}")
_SHOWN_TARGET = re.compile(r" ?< ?([^<> ]+) ?> ?")
_SHOWN_LINK = re.compile(r"https://[^\s<>]+", re.IGNORECASE)
_BULLET = re.compile(r"[*•·o§▪‣◦-](?= |$)")
_PICTURE = re.compile(r"\[([^\[\] ]+)\]")

#: A new paragraph or row of its own, which ends a link as well; and a new line or cell.
_PARAGRAPHS = {"address", "blockquote", "center", "dir", "div", "dl", "fieldset", "form", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_PARAGRAPHS |= {"li", "menu", "ol", "p", "pre", "table", "tr", "ul"}
_LINES = {"br", "dd", "dt", "option", "td", "th"}
#: These leave no trace. All other tags may.
_INLINE = {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark"}
_INLINE |= {"o:p", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var"}
_LISTS = {"dir", "menu", "ol", "ul"}
_UNSEEN = {"noembed", "noframes", "script", "style", "title"}
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def same_body(expected: str, kind: BodyKind, read: str) -> bool:
    """Whether the plain text ``read`` shows what ``expected`` (text or HTML) does, sign by sign. How much blank there is does not count."""
    read = _plain(read)
    if kind == "text" and _plain(expected) == read:
        return True
    ends = {0}
    for step in _of_text(expected) if kind == "text" else _of_html(expected):
        ends = {end for at in ends for end in step(read, at)}
        if not ends:
            return False
    return len(read) in ends


def rendering_of(expected: str, kind: BodyKind, read: str) -> str:
    """A digest of how a service shows the body ``expected``: equal only for the same body, shown in the same way."""
    shown = "\0".join((kind, expected, _plain(read))).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(shown, digest_size=16).hexdigest()


def _plain(text: str) -> str:
    """Composed, without what cannot be seen, each run of blanks as one space, none at the ends."""
    text = unicodedata.normalize("NFC", "".join(sign for sign in text if text.isascii() or not _is_invisible(sign)))
    return " ".join(text.split())


def _is_invisible(sign: str) -> bool:
    # The joiners are no more visible, but scripts and emoji look otherwise without them.
    return sign not in "\u200c\u200d" and unicodedata.category(sign) == "Cf"


def _exactly(text: str) -> _Step:
    return lambda read, at: (at + len(text),) if read.startswith(text, at) else ()


def _gap(*, needed: bool = True) -> _Step:
    def step(read: str, at: int) -> Iterable[int]:
        if read.startswith(" ", at):
            return (at + 1,) if needed else (at, at + 1)
        # Several in a row are one.
        return (at,) if not needed or at in (0, len(read)) or read[at - 1] == " " else ()

    return step


def _perhaps(*ways: _Step) -> _Step:
    return lambda read, at: {at, *(end for way in ways for end in way(read, at))}


def _like(pattern: re.Pattern[str]) -> _Step:
    def step(read: str, at: int) -> Iterable[int]:
        found = pattern.match(read, at)
        return () if found is None else (found.end(),)

    return step


def _target(targets: frozenset[str]) -> _Step:
    def step(read: str, at: int) -> Iterable[int]:
        found = _SHOWN_TARGET.match(read, at)
        if found is None or target_of(found[1]) not in targets:
            return ()
        # A blank before or behind it may be the text's own.
        return {found.end(), found.end() - found[0].endswith(" ")}

    return step


def _address(text: str, targets: frozenset[str]) -> _Step:
    """An address in a text: as it stands, or the Safe Link in its place."""

    def step(read: str, at: int) -> Iterable[int]:
        if read.startswith(text, at):
            yield at + len(text)
        found = _SHOWN_LINK.match(read, at)
        if found is not None and found[0] != text:
            yield from (at + len(one) for one in {found[0], without_signs_behind(found[0])} if target_of(one) in targets)

    return step


def _of_text(text: str) -> list[_Step]:
    """The steps of a text, be it a whole one or what stands between two tags. An address in it may be followed by itself as a link's."""
    steps: list[_Step] = []
    for part in re.split("( )", _BLANKS.sub(" ", text)):
        if part == " ":
            steps.append(_gap())
            continue
        word, at = _plain(part), 0
        for found in IN_TEXT.finditer(word):
            address = without_signs_behind(found[0])
            targets = targets_of_text(address)
            steps += [_exactly(word[at : found.start()]), _address(address, targets), _perhaps(_target(targets))]
            if behind := found[0][len(address) :]:
                steps += [_exactly(behind), _perhaps(_target(targets | targets_of_text(found[0])))]
            at = found.end()
        steps.append(_exactly(word[at:]))
    return steps


def _of_html(html: str) -> Sequence[_Step]:
    """The steps of an HTML body."""
    parser = _Layout()
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:
        # html.parser (CPython 3.11's, for one) stumbles so over a marked section of a kind it has never heard of, as in "<![endif[".
        return _of_text(unescape(_TAG.sub(" ", html)))
    return parser.steps


class _Layout(HTMLParser):
    """Makes the steps of an HTML body, in ``steps``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.steps: list[_Step] = []
        self._unseen = 0
        #: The open ones, outermost first: whether it is numbered, and the numbers that its next entry may have.
        self._lists: list[tuple[bool, set[int]]] = []
        #: The open link's address, and its text so far.
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if self._unseen:
            return
        values = {name: value or "" for name, value in attrs}
        self._border(tag)
        if tag in _LISTS:
            self._lists.append((tag == "ol", {1, *_number(values.get("start", ""))}))
        elif tag == "li":
            self.steps += [_perhaps(*self._labels(_number(values.get("value", "")))), _gap()]
        elif tag == "hr":
            self.steps += [_perhaps(_like(_RULE)), _gap()]
        elif tag == "img":
            self._picture(values.get("alt", ""), values.get("src", ""))
        elif tag == "a":
            self._end_link()
            address = values.get("href", "").strip()
            # By these Exchange shows none.
            self._link = (address, []) if address and address[0] not in "#?;" else None

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif not self._unseen:
            # What follows an entry or a cell is another one, which begins a line itself; else nobody says where it stands.
            self._border(tag, needed=tag in _PARAGRAPHS and tag != "li")
            if tag in _LISTS and self._lists:
                self._lists.pop()
            elif tag == "a":
                self._end_link()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.steps += _of_text(data)
            if self._link is not None:
                self._link[1].append(data)

    def close(self) -> None:
        super().close()
        if self._link is not None:
            # It was never closed: then Exchange does not show where it leads.
            self.steps.append(_perhaps(_target(frozenset({target_of(self._link[0])}))))

    def _border(self, tag: str, *, needed: bool = True) -> None:
        if tag in _PARAGRAPHS:
            self._end_link()
        if tag in _PARAGRAPHS or tag in _LINES:
            self.steps.append(_gap(needed=needed))
        elif tag not in _INLINE:
            self.steps.append(_gap(needed=False))

    def _end_link(self) -> None:
        if self._link is None:
            return
        address, parts = self._link
        self._link = None
        target, text = target_of(address), "".join(parts).strip()
        shown = _target(frozenset({target}))
        self.steps.append(_perhaps(shown) if target in targets_of_text(text) else shown)

    def _picture(self, name: str, address: str) -> None:
        def by_address(read: str, at: int) -> Iterable[int]:
            found = _PICTURE.match(read, at)
            if found is None:
                return ()
            # The name of an attachment is Outlook's to choose, and a path leads nowhere outside of the body.
            own = found[1] == "X" or (address.lower().startswith("cid:") and found[1].lower().startswith("cid:"))
            return (found.end(),) if own or target_of(found[1]) == target_of(address) else ()

        named = [_exactly(_plain(f"[{name.strip()}]"))] if name.strip() else []
        self.steps += [_gap(needed=False), _perhaps(*named, by_address), _gap(needed=False)]

    def _labels(self, given: set[int]) -> list[_Step]:
        """What may stand before the next entry of the innermost list; ``given`` is the number that the entry itself asks for."""
        if not self._lists:
            return [_like(_BULLET)]
        numbered, numbers = self._lists[-1]
        if not numbered:
            return [_like(_BULLET)]
        numbers |= given
        ways = [re.escape(way) for number in numbers for way in _written(number)]
        self._lists[-1] = (numbered, {number + 1 for number in numbers})
        # Exchange numbers the outermost lists only.
        label = _like(re.compile(rf"(?:{'|'.join(ways)})[.)](?= |$)", re.IGNORECASE))
        return [label] if len(self._lists) == 1 else [label, _like(_BULLET)]


def _number(text: str) -> set[int]:
    return {int(text)} if re.fullmatch(r"-?[0-9]{1,6}", text) else set()


def _written(number: int) -> Iterable[str]:
    """A number as lists may write it: in digits, as a letter, in Roman ones."""
    yield str(number)
    if 0 < number <= 26:
        yield chr(ord("a") + number - 1)
    if 0 < number < 4000:
        roman, rest = "", number
        for value, signs in _ROMAN:
            roman, rest = roman + signs * (rest // value), rest % value
        yield roman
