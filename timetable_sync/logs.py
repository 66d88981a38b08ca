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
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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

# Of the process, not of the context: worker threads do not inherit context variables, and two runs never work at once.
_bound: list[dict[str, object]] = []
"""The facts of each :func:`bound` that is not over, the latest last."""


def configure(verbosity: int = 0, form: Form = "text") -> None:
    """Send everything that is logged to standard error; may be called again to change its mind.

    ``verbosity`` counts the -v: 1 tells what we do, 2 every step, with tracebacks, 3 what the libraries say as well, :data:`QUIET`
    only errors. Where text goes to the journal, it gets what ``verbosity`` 1 tells at least, as it can be read by priority.
    """
    to_journal = form == "text" and journal.is_journal(2, os.environ)
    ours, theirs, warnings = _QUIET_LEVELS if verbosity < 0 else _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    if to_journal:
        ours = min(ours, logging.INFO)
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_bound,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _ToJournal() if to_journal else _ToStandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _Exceptions(traceback_wanted=ours <= logging.DEBUG),
                _redacted,
                _as_fields if to_journal else _as_json if form == "json" else _as_text,
            ],
        )
    )
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
    own = dict(facts)
    _bound.append(own)
    try:
        yield
    finally:
        # Not the last one: of two threads the first to begin may be the first to end.
        _bound[:] = [other for other in _bound if other is not own]


def bind(**facts: object) -> None:
    """Until the :func:`bound` around it ends, every line carries ``facts`` too: what becomes known on the way. Outside of one, nothing."""
    if _bound:
        _bound[-1].update(facts)


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


def _add_bound(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    facts: dict[str, object] = {}
    for some in tuple(_bound):
        facts.update(some)
    return {**facts, **event}


class _Exceptions:
    """Turns an exception into its traceback, or into one line where nobody asked for tracebacks."""

    def __init__(self, *, traceback_wanted: bool) -> None:
        self._traceback_wanted = traceback_wanted

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        raised = event.pop("exc_info", None)
        if raised is True:
            raised = sys.exc_info()
        error = raised[1] if isinstance(raised, tuple) else raised
        if isinstance(error, BaseException):
            if self._traceback_wanted:
                event["exception"] = "".join(traceback.format_exception(error)).rstrip()
            else:
                event["error"] = "".join(traceback.format_exception_only(error)).strip()
        if not self._traceback_wanted:
            event.pop("stack_info", None)
        return event


def _redacted(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: redact_value(value, name) for name, value in event.items()}


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    # ASCII, so that lone surrogates and terminals' control characters leave as escapes.
    return json.dumps(event, default=str)


def _as_fields(_: WrappedLogger, __: str, event: EventDict) -> str:
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


def _as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
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
