"""What fuzzing begins with: a few right inputs of each reader, and words that are worth putting in."""

import json
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, pkcs12

from tests.calendars.ews.canned import answer_of, error, fault, item_id, listed, listing, success
from tests.entra.making import Made, make
from timetable_sync.config.schema import fixed_keys
from timetable_sync.entra.manifest import manifest_of

#: Between the configuration's file and the environment's variables.
ENVIRONMENT = b"\n\n#\n"

_HERE = Path(__file__).parents[3]
_MARKER = "1 abcdef abcdefghijklmnop s/2026/A1/2026-W41/1"

_NAMES = sorted({str(part) for path in fixed_keys() for part in path})
KEYS = (*_NAMES, "= { file = ", "= { env = ", "[[event.rules]]", "file:", '"""')
EXCHANGE_WORDS = (
    "ErrorServerBusy", "BackOffMilliseconds", "NoError", "Success", "Warning", "m:RootFolder", "t:Items",
    "IncludesLastItemInRange", "TotalItemsInView", "t:CalendarItem", "t:ExtendedProperty", "t:Value", "s:Fault", "detail",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "<!DOCTYPE", "<!ENTITY", 'encoding="UTF-7"', "&#xFFFE;", "&#0;", "<![CDATA[", "--5",
    "ReminderMinutesBeforeStart",
)  # fmt: skip
TIME_WORDS = (
    "24:00",
    "2026-10-25 01:30",
    "T",
    "Z",
    "+14:00",
    "-00:00",
    "1e9",
    "Infinity",
    "NaN",
    "sNaN",
    "12 pm",
    "0001-01-01",
    "9999-12-31",
)
WEEK_WORDS = ("1-52", "bis", "to", "..", "YYNN", "odd", "Mon", "freitag", "понедельник", "-", "–", "²", "53")
MANIFEST_WORDS = (
    "keyCredentials",
    "customKeyIdentifier",
    "startDateTime",
    "endDate",
    "value",
    "key",
    "keyId",
    "null",
    "NaN",
    "\\ud800",
    "[]",
)


def configurations() -> list[bytes]:
    """The example with every key in it, and those of the documentation."""
    files = [_HERE / "config" / "timetable-sync.toml", *sorted((_HERE / "docs" / "examples").glob("*.toml"))]
    whole = [path.read_bytes() for path in files]
    # The example says everything in comments: without them, every key is in force.
    whole.append(b"\n".join(line.removeprefix(b"# ") if b" = " in line else line for line in whole[0].split(b"\n")))
    return [*whole, whole[1] + ENVIRONMENT + b"RUN__DEADLINE=3 hours\nTIMETABLE__PASSWORD__ENV=WORD\nEVENT__RULES__1__REMINDER=off"]


def exchange_answers() -> list[bytes]:
    """Listings, results of writing, complaints and faults; the first byte says what was asked."""
    listings = [
        listing(listed(1, marker=_MARKER), listed(2)),
        listing(last="false"),
        listing(listed(3, "2026-10-25T01:30:00+02:00", Categories="<t:String>a</t:String><t:String>b</t:String>", ReminderIsSet="true")),
        error_answer := answer_of("FindItem", error("FindItem", "ErrorServerBusy", values={"BackOffMilliseconds": "297749"})),
        fault("ErrorServerBusy", values={"BackOffMilliseconds": "100"}),
    ]
    folder = (
        '<m:Folders><t:CalendarFolder><t:FolderId Id="a"/><t:TotalCount>3</t:TotalCount>'
        '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x670a" PropertyType="SystemTime"/><t:Value>2026-10-01T00:00:00Z</t:Value>'
        '</t:ExtendedProperty><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x670b" PropertyType="Integer"/><t:Value>7</t:Value>'
        "</t:ExtendedProperty></t:CalendarFolder></m:Folders>"
    )
    created = answer_of("CreateItem", success("CreateItem", item_id(1)), error("CreateItem", "ErrorItemSave"))
    return [
        *(b"\0" + one for one in listings),
        b"\1" + answer_of("GetFolder", success("GetFolder", folder)),
        b"\2" + created,
        b"\x98" + b"120\n<html>Service unavailable</html>",
        b"\x05" + error_answer[:200],
    ]


def times() -> list[bytes]:
    """In the form of each type; the first bytes say which zone and which type."""
    texts = (
        "2026-10-25 01:30:00",
        "2026-03-29T01:30+01:00",
        "9:30",
        "2:15 pm",
        "0930",
        "1:30:00",
        "90",
        "2026-11-24",
        "20261124",
        "Europe/Paris",
    )
    return [bytes((zone, kind)) + text.encode() for zone in range(4) for kind, text in enumerate(texts)]


def weeks() -> list[bytes]:
    """In each form."""
    texts = ("10,12-13", "YYNNY.Y1", "1-52", "A", "42", "7", "36 bis 52, 1..8", "Mon Tue", "127", "Freitag", "[1, 2]")
    return [bytes((form, 0)) + text.encode() for form in range(60) for text in texts]


def texts() -> list[bytes]:
    """Markup, entities, marks of direction, characters that combine, and such that XML does not know."""
    said = (
        "<b>R&amp;D</b><br/>x",
        "a\u202eb\u200b",
        "e\u0301\u0327",
        "\x00\x0b\x1f",
        "👩\u200d🏫",
        "\ufffe\ufdd0",
        "&#8203;&lt;b&gt;",
        "<a href='x'>",
        "&#55296;",
    )
    return [b"\0" + text.encode() for text in said] + [b"\0" + b"\xed\xa0\x80x", b"\xff\xff\xfe"]


def manifests() -> list[bytes]:
    """In both forms, with our certificate and without, laid out and on one line."""
    ours = manifest_of(certificate_der())
    graph = {
        "displayName": "x",
        "keyCredentials": [{"keyId": "a", "key": None, "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "x"}],
    }
    return [
        json.dumps(ours, indent=2).encode(),
        json.dumps(graph).encode(),
        b'\xef\xbb\xbf{\r\n\t"id": "a",\r\n\t"keyCredentials": [],\r\n\t"name": "x"\r\n}\r\n',
        b"{}",
        json.dumps(
            {"keyCredentials": [{"startDate": "0001-01-01T00:00:00+14:00", "value": "AAAA", "customKeyIdentifier": "00" * 20}]}
        ).encode(),
    ]


def certificates() -> list[bytes]:
    """PEM, DER and PKCS#12, locked and open."""
    made = _made()
    der = made.x509.public_bytes(Encoding.DER)
    locked = made.key_pem(b"passphrase")
    plain = made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pfx = pkcs12.serialize_key_and_certificates(b"x", made.key, made.x509, None, BestAvailableEncryption(b"passphrase"))
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return [b"\0" + one for one in (made.pem, der, plain, made.pem + curve)] + [b"\2" + one for one in (made.pem + locked, pfx)]


def tokens() -> list[bytes]:
    """As both versions of the endpoint give them."""
    v1 = {"token_type": "Bearer", "expires_in": "3599", "access_token": "eyJ0eXAiOiJKV1QifQ.e30.x"}
    return [
        b"120\n" + json.dumps(v1).encode(),
        b"Wed, 21 Oct 2026 07:28:00 GMT\n" + json.dumps(v1 | {"expires_in": 3599}).encode(),
        b"\n[]",
    ]


def certificate_der() -> bytes:
    """The certificate that is put into manifests."""
    return _made().x509.public_bytes(Encoding.DER)


@cache
def _made() -> Made:
    return make()
