"""The program's log, ours and the libraries' through one redacting handler: text for people, JSON for programs, fields for the journal.

It goes to standard error; where that is systemd's journal, text goes to the journal's own socket instead. Never lets a secret, a
traceback (below DEBUG) or a control character pass; never writes to standard output.
"""

import json
import logging
import os
import re
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final, Literal

from timetable_sync import journal
from timetable_sync.redaction import redact_value

Form = Literal["text", "json"]

#: By verbosity (0 for none of -v): our own level, the libraries', that of Python's warnings.
_LEVELS: Final = (
    (logging.WARNING, logging.ERROR, logging.CRITICAL),
    (logging.INFO, logging.WARNING, logging.WARNING),
    (logging.DEBUG, logging.INFO, logging.WARNING),
    (logging.DEBUG, logging.DEBUG, logging.DEBUG),
)
QUIET: Final = -1

#: What stands in text without quotes: no blank, no = and no quotation mark.
_WORD: Final = re.compile(r'[^\s="\\]+')
_QUIET_LEVELS: Final = (logging.ERROR, logging.CRITICAL, logging.CRITICAL)

#: Where a record carries its facts.
_FACTS: Final = "timetable_sync_facts"

# Of the process, not of the context: worker threads do not inherit context variables, and two runs never work at once.
_bound: dict[str, object] = {}
_depth = 0


class Log:
    """What a module of ours logs by: what happened in a few words that are always the same, and the facts of this time beside them.

    ``exc_info`` is as Python's logging has it; it is no fact.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, said: str, /, *, exc_info: Any = None, **facts: object) -> None:
        """A step, or more about what is said elsewhere."""
        self._say(logging.DEBUG, said, exc_info, facts)

    def info(self, said: str, /, **facts: object) -> None:
        """What we do."""
        self._say(logging.INFO, said, None, facts)

    def warning(self, said: str, /, *, exc_info: Any = None, **facts: object) -> None:
        """What somebody ought to know."""
        self._say(logging.WARNING, said, exc_info, facts)

    def error(self, said: str, /, *, exc_info: Any = None, **facts: object) -> None:
        """What went wrong."""
        self._say(logging.ERROR, said, exc_info, facts)

    def _say(self, level: int, said: str, exc_info: Any, facts: Mapping[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, said, exc_info=exc_info, extra={_FACTS: facts})


def configure(verbosity: int = 0, form: Form = "text") -> None:
    """Send everything that is logged to standard error; may be called again to change its mind.

    ``verbosity`` counts the -v: 1 tells what we do, 2 every step, with tracebacks, 3 what the libraries say as well, :data:`QUIET`
    only errors. Where text goes to the journal, it gets what ``verbosity`` 1 tells at least, as it can be read by priority.
    """
    to_journal = form == "text" and journal.is_journal(2, os.environ)
    ours, theirs, warnings = _QUIET_LEVELS if verbosity < 0 else _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    if to_journal:
        ours = min(ours, logging.INFO)
    handler = _ToJournal() if to_journal else _ToStandardError()
    form_of = _as_fields if to_journal else _as_json if form == "json" else _as_text
    handler.setFormatter(_Formatter(form_of, traceback_wanted=ours <= logging.DEBUG))
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _ToStandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(theirs)
    logging.getLogger("timetable_sync").setLevel(ours)
    logging.getLogger("py.warnings").setLevel(warnings)
    logging.captureWarnings(capture=True)
    # The logging module would print a traceback of its own for a line that cannot be formatted.
    logging.raiseExceptions = False


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Within it, every line of every thread carries ``facts``, such as ``run=318``, and what :func:`bind` adds."""
    global _depth  # noqa: PLW0603 - of the process, as _bound is
    before = dict(_bound)
    _bound.update(facts)
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        _bound.clear()
        _bound.update(before)


def bind(**facts: object) -> None:
    """Until the :func:`bound` around it ends, every line carries ``facts`` too: what becomes known on the way. Outside of one, nothing."""
    if _depth:
        _bound.update(facts)


def one_run() -> AbstractContextManager[None]:
    """Within it, every line carries a ``run_id`` of its own, also before the run has a number and after it is over."""
    return bound(run_id=uuid.uuid4().hex[:12])


class _ToStandardError(logging.Handler):
    """Asks for ``sys.stderr`` each time, as a progress bar stands in for it while it is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            # What could not be formatted is not shown raw: it has not been redacted.
            text = f"{record.levelname.lower()} {record.name}: a log line that could not be formatted"
        with suppress(OSError, ValueError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


class _ToJournal(_ToStandardError):
    """To the journal's socket; to standard error, which leads there too, where that fails."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            fields: dict[str, str] = json.loads(self.format(record))
        except Exception:
            fields = {"MESSAGE": f"{record.name}: a log line that could not be formatted", "PRIORITY": "4"}
        try:
            journal.send(fields)
        except OSError:
            # https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html: so a stream's lines say how grave they are.
            with suppress(OSError, ValueError):
                sys.stderr.write("".join(f"<{fields['PRIORITY']}>{line}\n" for line in fields["MESSAGE"].splitlines()))
                sys.stderr.flush()


class _Formatter(logging.Formatter):
    """A record, ours or a library's, as one text: its facts and what is bound, redacted, in the form that was asked for.

    An exception is its traceback, or one line where nobody asked for tracebacks.
    """

    def __init__(self, form_of: Callable[[dict[str, Any]], str], *, traceback_wanted: bool) -> None:
        super().__init__()
        self._form_of = form_of
        self._traceback_wanted = traceback_wanted

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            **_bound,
            **getattr(record, _FACTS, {}),
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and self._traceback_wanted:
            event["exception"] = "".join(traceback.format_exception(error)).rstrip()
        elif error is not None:
            event["error"] = "".join(traceback.format_exception_only(error)).strip()
        if record.stack_info and self._traceback_wanted:
            event["stack_info"] = record.stack_info
        return self._form_of({name: redact_value(value, name) for name, value in event.items()})


def _as_json(event: dict[str, Any]) -> str:
    # ASCII, so that lone surrogates and terminals' control characters leave as escapes.
    return json.dumps(event, default=str)


def _as_fields(event: dict[str, Any]) -> str:
    """The journal's fields, as JSON: a message that reads well alone, its weight, and each fact as a field of its own."""
    event.pop("timestamp", None)
    level, name = str(event.pop("level", "info")), str(event.pop("logger", ""))
    said = _printable(str(event.pop("event", "")))
    tail = [str(event.pop(key)) for key in ("exception", "stack_info", "stack") if event.get(key)]
    shown = _facts({key: value for key, value in event.items() if key not in ("run", "run_id")})
    fields = {
        "MESSAGE": "\n".join([said + shown, *map(_printable, tail)]),
        "PRIORITY": str(journal.PRIORITIES.get(level, 6)),
        "SYSLOG_IDENTIFIER": "timetable-sync",
        journal.field_name("logger"): name,
    }
    return json.dumps({**fields, **{journal.field_name(key): _printable(str(value)) for key, value in event.items()}})


def _as_text(event: dict[str, Any]) -> str:
    moment, level, name = (str(event.pop(key, "")) for key in ("timestamp", "level", "logger"))
    said = str(event.pop("event", ""))
    tail = [str(event.pop(key)) for key in ("exception", "stack_info", "stack") if event.get(key)]
    line = f"{moment[:19]}Z {level:<8} {_printable(said)}{_facts(event)}  [{name}]"
    return "\n".join([line, *(_printable(part) for part in tail)])


def _facts(event: Mapping[str, object]) -> str:
    """Each as two blanks, its name, = and its value; a value that would not read back otherwise stands as a JSON string."""
    return "".join(f"  {_name(key)}={_value(str(value))}" for key, value in event.items())


def _name(key: str) -> str:
    return key if _WORD.fullmatch(key) else re.sub(r"[^\w.:/-]", "_", key) or "_"


def _value(text: str) -> str:
    if _WORD.fullmatch(text) and text.isprintable():
        return text
    shown = json.dumps(text, ensure_ascii=False)
    return shown if shown.isprintable() else "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in shown)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)
