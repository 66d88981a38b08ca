"""What a database said, in one line without secrets, and what to do about it. Pure."""

import re
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from timetable_sync.redaction import redact
from timetable_sync.timetable.values import decoded

_LONGEST = 300
#: PostgreSQL shows the place under a line of the query by a caret; the line itself begins with LINE.
_POINTERS = re.compile(r"^(LINE \d+:.*|\s*\^\s*)$", re.MULTILINE)

_ELSE = "See that the database is up and reachable from here, and check timetable.url. Nothing was changed anywhere."
_ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    # SQL Server's library goes on: "server is unavailable or does not exist".
    (("unable to connect",), _ELSE),
    (
        ("password", "access denied", "authentication", "no pg_hba.conf entry", "role ", "permission denied", "login failed"),
        "Check the user in timetable.url, timetable.password, and what that user may read.",
    ),
    (
        ("statement timeout", "max_statement_time", "maximum statement execution time", "interrupted", "call timeout", "ora-01013"),
        "Make the query quicker, see that nobody keeps its tables locked, or allow more in timetable.timeout.",
    ),
    (
        (
            "no such",
            "unknown column",
            "doesn't exist",
            "does not exist",
            "syntax",
            "ambiguous",
            "invalid object name",
            "invalid column name",
            "invalid identifier",
        ),
        "Run the query by hand as the same database user, and mend timetable.query.",
    ),
    (("locked", "readonly", "read-only", "read only"), "The query must only read, and nobody may keep the database locked for long."),
)


def plainly(error: Exception, secrets: Iterable[str] = ()) -> str:
    """The driver's own sentence, on one line, without ``secrets``. SQLAlchemy's would repeat the whole query."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    # pymssql puts both into one; pymysql has a number and a sentence.
    args = cause.args[0] if len(cause.args) == 1 and isinstance(cause.args[0], tuple) else cause.args
    said = args[1] if len(args) == 2 and isinstance(args[0], int) else str(cause)
    text = decoded(said) if isinstance(said, bytes) else str(said)
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = " ".join(_POINTERS.sub("", redact(text)).split())
    return (text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…") or type(cause).__name__


def passes(error: Exception, kind: str) -> bool:
    """Whether it may go well another time: a ``kind`` of database that is elsewhere, and could not be reached or was lost."""
    if kind == "sqlite" or not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (isinstance(error, (OperationalError, InterfaceError)) and advice(error) == _ELSE)


def advice(error: Exception) -> str:
    """What to do next."""
    text = str(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error).lower()
    return next((what for hints, what in _ADVICE if any(hint in text for hint in hints)), _ELSE)
