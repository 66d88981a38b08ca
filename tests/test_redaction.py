"""Secrets of every shape we may meet are taken out, and ordinary text is left alone."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync import redaction
from timetable_sync.redaction import REDACTED, keep_out, redact, redact_value

JWT = "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2V4YW1wbGUub3JnIn0.c2lnbmF0dXJl-_x"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASC\n-----END PRIVATE KEY-----"

WITH_SECRETS = [
    (f"Authorization: Bearer {JWT}", JWT[:20]),
    ("Authorization: Bearer 0.AXoA-opaque_token~with/other+signs==", "opaque"),
    ("headers {'Authorization': 'Bearer abcdefghijkl', 'X-AnchorMailbox': 'a@example.org'}", "abcdefghijkl"),
    (f"POST client_id=1&client_assertion={JWT}&scope=x", "eyJ"),
    (f"'client_assertion': '{JWT}'", "eyJ"),
    (f'{{"access_token": "{JWT}", "expires_in": 3599}}', "eyJ"),
    ('{"access_token": "an-opaque-one"}', "an-opaque-one"),
    (json.dumps(json.dumps({"access_token": "an-opaque-one"})), "an-opaque-one"),
    ("client_secret=Q8~very.secret&grant_type=client_credentials", "very.secret"),
    ("postgresql+psycopg://reader:hunter2@db.example.ac.uk/timetable", "hunter2"),
    ("mysql+pymysql://reader:p@ss:word@db.example.ac.uk/timetable", "ss:word"),
    ("connect(password='hunter2', host='db')", "hunter2"),
    ('connect(password="hunter2 with \'blanks\'", host="db")', "with"),
    ("password = hunter2", "hunter2"),
    ("PASSWORD=hunter2;HOST=db", "hunter2"),
    ("password=b'hunter2'", "hunter2"),
    (f"the key is {KEY}", "MIIEvQ"),
    ("the key is -----BEGIN RSA PRIVATE KEY-----\nMIIEvQ, cut", "MIIEvQ"),
    (f"a token cut short: {JWT[:60]}", JWT[10:40]),
    ("Set-Cookie: X-BackEndCookie=S-1-5-secret; path=/", "S-1-5-secret"),
    ("Proxy-Authorization: Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy"),
    (base64.b64encode(b"x").decode() + f" {JWT} {JWT}", "eyJ"),
]


@pytest.mark.parametrize(("text", "secret"), WITH_SECRETS)
def test_a_secret_is_taken_out_and_the_place_is_marked(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)
    assert REDACTED in redact(text)


@pytest.mark.parametrize(("text", "secret"), WITH_SECRETS)
def test_redacting_twice_is_redacting_once(text: str, secret: str) -> None:
    assert secret in text
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "41 of 90 events would be deleted, the limit is 30 %",
        "no mailbox gone@groups.example.ac.uk (ErrorNonExistentMailbox)",
        "https://outlook.office365.com/EWS/Exchange.asmx",
        "postgresql+psycopg://reader@db.example.ac.uk/timetable",
        "Basic Algorithms",
        "the Bearer authentication scheme is not offered",
        "the password of the database is wrong",
        "timetable.password: environment variable TIMETABLE_PASSWORD is not set",
        'password = { file = "/etc/timetable-sync/password" }',
        'entra.passphrase: { credential = "passphrase" } cannot be read',
        "AADSTS700027: no key with thumbprint 3F:A1:00 is registered",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    assert redact("postgresql://reader:hunter2@db/timetable is down") == "postgresql://reader:[redacted]@db/timetable is down"
    assert redact("a=1&client_secret=x&b=2") == "a=1&client_secret=[redacted]&b=2"


def test_values_are_redacted_however_deep_they_lie() -> None:
    cleaned = redact_value({"outer": [{"password": "hunter2", "url": "x://u:hunter2@h"}, (b"Bearer abcdef123456",)], "count": 3})
    assert cleaned == {"outer": [{"password": REDACTED, "url": "x://u:[redacted]@h"}, [f"Bearer {REDACTED}"]], "count": 3}


def test_an_unknown_object_is_told_by_its_text_without_secrets() -> None:
    class Thing:
        def __str__(self) -> str:
            return "Thing(password='hunter2')"

    assert redact_value(Thing()) == "Thing(password='[redacted]')"


def test_an_absent_secret_is_not_made_to_look_like_one() -> None:
    assert redact_value({"password": None, "secret": ""}) == {"password": None, "secret": ""}


@given(st.text(max_size=200))
def test_any_text_can_be_redacted(text: str) -> None:
    assert isinstance(redact(text), str)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/'\""), min_size=1, max_size=30))
def test_no_password_in_a_url_gets_through(password: str) -> None:
    text = redact(f"cannot connect to postgresql://reader:{password}@db.example/timetable")
    assert text == f"cannot connect to postgresql://reader:{REDACTED}@db.example/timetable"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made known in a test is forgotten after it."""
    monkeypatch.setattr(redaction, "_known", {})
    monkeypatch.setattr(redaction, "_known_ones", None)


SECRET = "correct/horse+battery ütäple"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"the server says {SECRET!r}!",
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        repr(SECRET.encode()),
        json.dumps(SECRET),
    ],
)
def test_a_secret_that_was_read_is_taken_out_in_whatever_form(text: str) -> None:
    assert redact(f"at {text} it failed") == f"at {text} it failed"
    keep_out(SECRET)
    assert "horse" not in redact(f"at {text} it failed")
    assert "686f727365" not in redact(f"at {text} it failed").lower()
    assert REDACTED in redact(f"at {text} it failed")


@pytest.mark.usefixtures("known")
@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_hides_a_secret_behind_no_prefix(before: bytes, after: bytes) -> None:
    """As in Basic, where a user and a colon stand before the password."""
    keep_out("swordfish-of-the-proxy")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + b"swordfish-of-the-proxy" + after).decode()
        assert REDACTED in redact(f"sent {text}")
        assert len(redact(text)) <= len(text) - len("swordfish-of-the-proxy") + len(REDACTED) + 6


@pytest.mark.usefixtures("known")
def test_of_an_address_the_secret_parts_are_known_too() -> None:
    keep_out(
        "https://hooks.example.ac.uk/services/T0123456789/AbCdEfGhIjKlMnOpQrStUvWx?token=a1b2c3d4e5\njson://user:pass-of-json@chat.example.ac.uk"
    )

    assert redact("POST /services/T0123456789/x?token=a1b2c3d4e5") == f"POST /services/{REDACTED}/x?token={REDACTED}"
    assert "AbCdEf" not in redact("no hook AbCdEfGhIjKlMnOpQrStUvWx")
    assert redact("login pass-of-json") == f"login {REDACTED}"
    assert redact("hooks.example.ac.uk and its services") == "hooks.example.ac.uk and its services"


@pytest.mark.usefixtures("known")
def test_the_beginning_of_a_secret_is_taken_out_where_an_error_was_cut() -> None:
    """As int() does, after 200 characters; within a text that was shown within another one."""
    keep_out("canary-50a4a3a65c0c-of/a+ ä&%")
    text = "x" * 160 + json.dumps("canary-50a4a3a65c0c-of/a+ ä&%")
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int(text)

    assert "canary-50a4" in str(caught.value)
    assert "canary-50a4" not in redact(str(caught.value))


@pytest.mark.usefixtures("known")
def test_a_secret_that_begins_like_a_word_leaves_the_word_alone() -> None:
    keep_out("timetable-sync-password-7")

    assert redact("timetable-sync read the timetable") == "timetable-sync read the timetable"


@pytest.mark.usefixtures("known")
def test_short_secrets_are_not_looked_for_as_words_hold_them() -> None:
    keep_out("exam\nA1")
    assert redact("the exam of A1 is example A12") == "the exam of A1 is example A12"
