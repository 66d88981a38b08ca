"""Reads EWS's responses, as elements or as text: strictly, and whole or not at all.

exchangelib parses with lxml's ``recover``, which turns an answer that was cut off into a shorter one. Here what is not well-formed
to its end is no answer.

A pattern that searches an answer's text sees letters and no elements: so whatever could make something else of them than they seem leaves
the whole answer to the parser. What is found is taken out, and the rest is parsed as any other answer, which says whether it is whole, and
in which namespaces.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress

from lxml import etree

from timetable_sync.calendars.ews.errors import VERDICTS, Complaint
from timetable_sync.calendars.ews.names import E, M, S, T


class IncompleteResponse(Exception):
    """An answer that lacks something that was asked for, or that is none. Its text says what."""


_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)""")
_ENCODINGS = (b"utf-8", b"us-ascii")
_CODE = f"{M}ResponseCode"
_REPLACEMENT = "\ufffd".encode()


def _allowed(point: int) -> bool:
    """Whether XML 1.0 knows the character. https://www.w3.org/TR/xml/#charsets"""
    return point in (0x9, 0xA, 0xD) or 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or 0x10000 <= point <= 0x10FFFF


def _reference(found: re.Match[bytes]) -> bytes:
    point = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if _allowed(point) else _REPLACEMENT


def _without_illegal(content: bytes) -> bytes:
    return _CONTROL.sub(_REPLACEMENT, _REFERENCE.sub(_reference, content))


class _Parsers(threading.local):
    """One for each thread: threads that share a parser wait for each other, and to make one takes as long as to parse a small answer."""

    def __init__(self) -> None:
        self.own = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
        )


_PARSERS = _Parsers()


def parse(content: bytes) -> etree._Element:
    """The root of a whole document. Nothing outside of it is ever fetched, and no entity is expanded. Raises IncompleteResponse.

    Exchange passes on characters in people's texts that XML does not know; those are replaced, and those alone.
    """
    declared = _DECLARED.match(content)
    if declared is not None and declared[1].lower() not in _ENCODINGS:
        # In another one, such as UTF-7, what is looked for below could be written in other bytes.
        raise IncompleteResponse("it is not the XML that Exchange writes")
    if b"\0" in content[:64] or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise IncompleteResponse("it is not the XML that Exchange writes")
    with suppress(etree.XMLSyntaxError):
        return etree.fromstring(content, _PARSERS.own)
    try:
        return etree.fromstring(_without_illegal(content), _PARSERS.own)
    except etree.XMLSyntaxError:
        raise IncompleteResponse("it is not XML, or was cut off") from None


def response_messages(content: bytes, operation: str) -> list[etree._Element] | Complaint:
    """The response messages of ``operation``, one for each thing asked; or the complaint in their place. Raises IncompleteResponse."""
    root = parse(content)
    body = root.find(f"{S}Body") if root.tag == f"{S}Envelope" else None
    if body is None:
        raise IncompleteResponse("it is not a SOAP envelope")
    fault = body.find(f"{S}Fault")
    if fault is not None:
        return _fault(fault)
    messages = body.find(f"{M}{operation}Response/{M}ResponseMessages")
    if messages is None:
        raise IncompleteResponse(f"it lacks {operation}'s response messages")
    expected = f"{M}{operation}ResponseMessage"
    if any(message.tag != expected for message in messages):
        raise IncompleteResponse(f"it holds something else than {operation}'s response messages")
    return list(messages)


def complaint_of(message: etree._Element) -> Complaint | None:
    """What a response message complains of; None for a success. Raises IncompleteResponse."""
    # By hand, as in the listing: it is asked of each event that is written.
    code = next((found.text or "" for found in message.iterchildren(_CODE)), "").strip()
    kind = message.get("ResponseClass")
    if kind == "Success" and code == "NoError":
        return None
    if not code or code == "NoError" or kind is None:
        raise IncompleteResponse("it has a response message without a clear result")
    return _complaint(code, message.findtext(f"{M}MessageText") or "", message.find(f"{M}MessageXml"))


def _fault(fault: etree._Element) -> Complaint:
    # SOAP 1.1 has these in no namespace; who writes with default namespaces easily puts them into SOAP's.
    parts = {etree.QName(part).localname: part for part in fault}
    detail = parts.get("detail")
    text = (fault.findtext(parts["faultstring"].tag) or "").strip() if "faultstring" in parts else ""
    code = (fault.findtext(parts["faultcode"].tag) or "").strip().rpartition(":")[2] if "faultcode" in parts else ""
    if detail is not None:
        code = (detail.findtext(f"{E}ResponseCode") or code).strip()
        text = (detail.findtext(f"{E}Message") or text).strip()
    return _complaint(code or "a fault without a code", text, detail)


def _complaint(code: str, text: str, about: etree._Element | None) -> Complaint:
    values = dict(_values(about))
    wait = None
    with suppress(ValueError, KeyError, OverflowError):
        wait = max(0.0, int(values["BackOffMilliseconds"]) / 1000)
    inner = values.get("InnerErrorResponseCode", "")
    return Complaint(code, text, wait, inner if inner in VERDICTS else "")


def _values(about: etree._Element | None) -> Iterator[tuple[str, str]]:
    if about is not None:
        for value in about.iter(f"{T}Value"):
            yield value.get("Name", ""), (value.text or "").strip()


#: Within an element any letter but "<" is taken, as all that more costs is paid for each letter; what XML does not know, and line ends
#: other than LF, of which a parser makes LF, are looked for in the whole. https://www.w3.org/TR/xml/#charsets
TEXT = "[^<]*"
#: An attribute's value that no parser reads otherwise.
NAME = r'[^"<&\t\n]+'
#: What a prefix may look like.
PREFIX = r"[A-Za-z_][\w.-]*"

_NOT_TEXT = bytes(set(range(0x20)) - set(b"\t\n"))
_NO_LETTERS = ("\ufffe", "\uffff")


def text_of(content: bytes) -> str:
    """The text of an answer; nothing where it has letters that a parser refuses or reads otherwise."""
    if len(content.translate(None, _NOT_TEXT)) < len(content):
        return ""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if any(letter in text for letter in _NO_LETTERS) or ("]" in text and "]]>" in text) else text


def is_odd(around: str) -> bool:
    """Whether what is left of an answer has comments, sections and the like, which may hold what looks like an event and is none.

    Or another encoding than the one that it was read in.
    """
    return "<!" in around or "us-ascii" in around.lower()
