"""Judges database URLs and makes them fit to be shown. Opens nothing, and never quotes a URL: there may be a password in it."""

import re

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

_FORM = 'a database URL such as "postgresql+psycopg://reader@db.example.ac.uk/timetable" or "sqlite:////srv/timetable.db"'
_TELLING = re.compile(r"passwd|password|passphrase|pwd|secret|token", re.IGNORECASE)
_WITHIN = re.compile(r"(^|[;&{\s])(pwd|password)\s*=", re.IGNORECASE)


def database_url(text: str) -> str:
    """A SQLAlchemy URL of a known kind of database, without a password. Raises ValueError, which quotes nothing of it."""
    _parsed(text)
    return text


def state_url(text: str) -> str:
    """As :func:`database_url`, for SQLite (a file) or PostgreSQL. Raises ValueError."""
    url = _parsed(text)
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("must be SQLite (one host) or PostgreSQL (one or several)")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("must name a file: a ledger in memory is lost with every run")
    return text


def masked(text: str) -> str:
    """A database URL fit to be shown, should there be a password in it after all."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return "(not a database URL)"
    return url.set(query={name: "***" if _tells(name, value) else value for name, value in url.query.items()}).render_as_string(
        hide_password=True
    )


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"must be {_FORM}") from None
    if url.password is not None or any(_tells(name, value) for name, value in url.query.items()):
        raise ValueError('holds a password; take it out, and give it by reference in the key "password", as in { file = "…" }')
    try:
        url.get_dialect()
    except (NoSuchModuleError, ImportError, AttributeError):
        raise ValueError(f"names a kind of database that is not known here{_kind(url)}; it must be {_FORM}") from None
    return url


def _kind(url: URL) -> str:
    known = {"postgres": "postgresql+psycopg", "mariadb": "mysql+pymysql", "sqlite3": "sqlite", "sqlserver": "mssql+pymssql"}
    close = known.get(url.drivername.partition("+")[0])
    return f' (did you mean "{close}://…"?)' if close else ""


def _tells(name: str, value: object) -> bool:
    """Whether an option of a URL carries a password: by its name, or within an ODBC string (``PWD=``)."""
    return bool(_TELLING.search(name)) or bool(_WITHIN.search(str(value)))
