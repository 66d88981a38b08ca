"""Judges single values: zones, addresses, templates, patterns, names. Opens nothing, and never quotes what may hold a secret."""

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from ipaddress import ip_address
from socket import inet_aton
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from jinja2 import Environment, TemplateSyntaxError

from timetable_sync.model.window import zone_named

_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+$")
_TEMPLATES = Environment(autoescape=True)  # only to parse with; what is rendered is rendered elsewhere, in a sandbox


def nearest(word: str, choices: Iterable[str]) -> str:
    """``; did you mean "…"?`` for the most similar choice, or nothing."""
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), by_folded, 1, 0.6)
    return f'; did you mean "{by_folded[close[0]]}"?' if close else ""


def zone_name(name: str) -> str:
    """An IANA time zone's name. Raises ValueError."""
    try:
        zone_named(name)
    except ValueError:
        hint = nearest(name, available_timezones()) or ', such as "Europe/London"'
        raise ValueError(f"must be an IANA time zone{hint}") from None
    return name


def not_blank(text: str) -> str:
    """Text with something in it. Raises ValueError."""
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def plain_name(text: str) -> str:
    """At most 30 of the characters that a key carries unescaped. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", text):
        raise ValueError('must be 1 to 30 letters, digits, "-" or "_"')
    return text


def period(text: str) -> str:
    """Short enough to leave room for the rest of a key. Raises ValueError."""
    if len(text) > 30:
        raise ValueError("must not be longer than 30 characters")
    return text


def template(text: str) -> str:
    """A Jinja2 template that parses; whether its names exist is for those to say who know the row. Raises ValueError."""
    try:
        _TEMPLATES.parse(text)
    except TemplateSyntaxError as error:
        said = (error.message or "it does not parse").rstrip(".")
        raise ValueError(f"is not a template that can be used: {said[:1].lower()}{said[1:]}") from None
    except RecursionError:
        raise ValueError("is not a template that can be used: it is nested too deeply") from None
    return text


def pattern(text: str) -> str:
    """A pattern of names. Raises ValueError."""
    return not_blank(text)


def allow_pattern(text: str) -> str:
    """A pattern of addresses that is narrower than all the world. Raises ValueError."""
    _, at, domain = text.strip().rpartition("@")
    if not at or not domain.strip("*?.[]"):
        raise ValueError(f'must be a pattern of addresses with a domain in it, as in "*@groups.example.ac.uk", not "{text}"')
    return text.strip()


def anchor(text: str) -> str:
    """ "mailbox", or one mail address. Raises ValueError."""
    if text != "mailbox" and not _ADDRESS.match(text):
        raise ValueError(f'must be "mailbox" or a mail address, not "{text}"{nearest(text, ["mailbox"])}')
    return text


def directory_name(text: str) -> str:
    """A tenant's or application's id, or a domain name: a single step of a URL's path. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise ValueError('must be an id such as "00000000-0000-0000-0000-000000000000", or a domain name')
    return text


def proxy(text: str) -> str:
    """A proxy's address, without a password. Raises ValueError, which quotes nothing of it."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.path not in ("", "/") or re.search(r"\s", text):
        raise ValueError('must be an address such as "http://proxy.example.ac.uk:3128"')
    if parts.password is not None:
        raise ValueError('holds a password; take it out, and give it by reference in the key "proxy_password", as in { file = "…" }')
    return text


def scope(text: str) -> str:
    """A scope that the client credentials flow takes. Raises ValueError.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    if not re.fullmatch(r"\S+/\.default", text):
        raise ValueError('must be a resource followed by "/.default", as in "https://outlook.office365.com/.default"')
    return text


def service_url(text: str) -> str:
    """An https address; http only for this very machine, as with the sandbox. Raises ValueError, without a password in it."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError('must be an address such as "https://host/path"') from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a name or password")
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment or re.search(r"\s", text):
        raise ValueError('must be an address such as "https://host/path", without ? and #')
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://, as a token is sent there; http:// is for 127.0.0.1 and localhost alone")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host's name or number means this very machine, in whichever way the number is written.

    Names: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    """
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ip_address(host)
    except ValueError:
        try:
            # 127.1, 0x7f000001: what the system takes for a number when it connects.
            number = ip_address(inet_aton(host))
        except (OSError, ValueError):
            return False
    # Written as IPv6, ::ffff:127.0.0.1, it is no loopback to Python 3.11 and 3.12.
    return (getattr(number, "ipv4_mapped", None) or number).is_loopback


def loopback_port(text: str) -> str:
    """ "127.0.0.1:9464": an address of this very machine, and a port. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not is_loopback(host.strip("[]")) or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError('must be an address of this very machine and a port, such as "127.0.0.1:9464"')
    return text


def cron_fields(text: str) -> dict[str, str]:
    """A cron expression's fields, by the names that APScheduler has for them. Raises ValueError for another number of them."""
    names = ("second", "minute", "hour", "day", "month", "day_of_week")
    given = text.split()
    if len(given) not in (5, 6):
        raise ValueError(f"it has {len(given)} fields")
    return dict(zip(names, ["0", *given][-6:], strict=True))


def cron(text: str) -> str:
    """A cron expression that means the same to everybody: five fields, or six with the second before them. Raises ValueError.

    APScheduler 3 counts weekdays from Monday, cron from Sunday (agronholm/apscheduler issues 286, 495), and where both
    a day of the month and a weekday are named, cron means either and APScheduler both: neither is taken, rather than guessed.
    """
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - takes long to load, and only a schedule needs it

    try:
        fields = cron_fields(text)
        CronTrigger(**fields, timezone="UTC")  # type: ignore[no-untyped-call]  # APScheduler 3 carries no types
    except ValueError as error:
        said = str(error).rstrip(".")
        raise ValueError(f'must be a cron expression of five fields, such as "0 2 * * *": {said[:1].lower()}{said[1:]}') from None
    if re.search(r"\d", fields["day_of_week"]):
        raise ValueError('must name weekdays, as in "0 2 * * mon-fri": by number, they mean different days to different programs')
    if fields["day"] != "*" and fields["day_of_week"] != "*":
        raise ValueError("must not name both a day of the month and a weekday: they mean either to some programs, and both to others")
    return text


def local_path(text: object) -> object:
    """A path that can be one. Anything but text is handed on for pydantic to judge. Raises ValueError."""
    if isinstance(text, str) and (not text.strip() or "\0" in text):
        raise ValueError("must be a path")
    if isinstance(text, str) and text.startswith("~"):
        raise ValueError(
            "must be a whole path, or one that starts at the configuration's folder: whose home ~ means depends on who runs it"
        )
    return text


def query(text: str) -> str:
    """SQL, or ``file:`` and a path. Raises ValueError."""
    not_blank(text)
    if text.startswith("file:"):
        local_path(text.removeprefix("file:").strip())
    elif not re.search(r"\s", text.strip()) and text.endswith(".sql"):
        raise ValueError(f'must be SQL, or "file:" and a path; did you mean "file:{text}"?')
    return text


def schema_name(text: str) -> str:
    """A schema, or a database and a schema, as they stand before a table's name. Raises ValueError."""
    if not re.fullmatch(r"[^\W\d][\w$#]*(\.[^\W\d][\w$#]*)?", text):
        raise ValueError('must be a schema\'s name, as in "dbo" or "timetable.dbo"')
    return text


def wide(text: str) -> str:
    """The name of a column with a place for a number. Raises ValueError."""
    if text.count("{}") != 1:
        raise ValueError('must have {} where the number stands, as in "week{}_date"')
    return text


def flags(text: str) -> str:
    """Characters that mean yes. Raises ValueError."""
    if not text or set(text) & set("Nn0 .-_"):
        raise ValueError("must be one or more characters, and none of those that mean no")
    return text


def environment_variable(text: str) -> str:
    """A variable's name. Raises ValueError; it is not quoted, as it may be the secret itself, given by mistake."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("must be the name of an environment variable, of letters, digits and _")
    return text


def credential_name(text: str) -> str:
    """A file's name in the credentials directory. Raises ValueError."""
    if not text or text in (".", "..") or re.search(r"[/\0]", text):
        raise ValueError("must be the plain name of a systemd credential, without a path")
    return text


def longer_than_nothing(value: timedelta) -> timedelta:
    """A duration above zero. Raises ValueError."""
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def at_most(days: int) -> Callable[[timedelta], timedelta]:
    """A check that a duration is no longer than so many days."""

    def check(value: timedelta) -> timedelta:
        if value > timedelta(days=days):
            raise ValueError(f'must be at most "{days} days"')
        return value

    return check
