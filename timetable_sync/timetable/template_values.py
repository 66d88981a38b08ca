"""Jinja's sandbox, bounded, in which templates write nothing but texts, numbers and dates, and the same ones each night.

Jinja writes whatever it is given: a list as Python shows it, a method whose brackets were left out, a macro or a generator as an address in
memory, which is another one each night. So all that becomes text is judged before, wherever it does. And of dates and times a template sees
what they say themselves: nothing that asks the clock, or the zone, of this machine.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import wraps
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.filters import make_attrgetter
from jinja2.runtime import Macro, Undefined
from jinja2.sandbox import SandboxedEscapeFormatter, SandboxedFormatter
from markupsafe import Markup

from timetable_sync.timetable.template_sandbox import COUNTED, WEIGHED, WRITTEN, BoundedEnvironment, steps

#: ... and nothing that was ever there, for Jinja to complain of.
_TEXTS = (str, int, float, Decimal, date, time, timedelta, Undefined)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_DATES = _names(
    "year month day weekday isoweekday isocalendar isoformat strftime replace toordinal ctime timetuple "
    "fromisoformat fromordinal fromisocalendar"
)
_OF_TIMES = _names("hour minute second microsecond fold tzinfo tzname utcoffset dst isoformat strftime replace fromisoformat")
#: What is there of dates and times: not now, today, fromtimestamp, and whatever else Python may come to have.
_THERE: tuple[tuple[type, frozenset[str]], ...] = (
    (datetime, _OF_DATES | _OF_TIMES | _names("date time timetz timestamp astimezone utctimetuple combine strptime")),
    (date, _OF_DATES),
    (time, _OF_TIMES),
    (timedelta, _names("days seconds microseconds total_seconds")),
    (tzinfo, _names("key tzname utcoffset dst")),
)

#: Filters that take more than texts, and make no text of them.
_STRUCTURAL = {COUNTED, WEIGHED} | _names(
    "attr batch count length d default dictsort first groupby items last list map max min reject rejectattr reverse select selectattr "
    "slice sort sum unique"
)
#: Those that write lists and tables in a form of their own.
_OF_DATA = _names("tojson urlencode xmlattr")

#: Methods of texts that take several of them, and those to which none says that nothing is said.
_WITH_SEVERAL, _WITH_NONE = _names("join startswith endswith"), _names("split rsplit strip lstrip rstrip")

_DIRECTIVES = re.compile(r"%[-_0^#:\d]*[EO]?(.)", re.DOTALL)


class SteadyEnvironment(BoundedEnvironment):
    """As :class:`BoundedEnvironment`. What is no text raises SecurityError where it would become one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, function in self.filters.items():
            if name == "join":
                self.filters[name] = self._joining(function)
            elif name == WRITTEN:
                self.filters[name] = _writing(function)
            elif name not in _STRUCTURAL:
                self.filters[name] = _of_texts(function, data=name in _OF_DATA)
        self.tests["sameas"] = _same

    def add_filter(self, name: str, function: Callable[[Any], Any]) -> None:
        """One more filter, of a text."""
        self.filters[name] = wraps(function)(lambda value: function(judged(value)))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As Jinja's; of dates and times, what is the same each night and on every machine."""
        there = next((names for kind, names in _THERE if isinstance(obj, kind)), None)
        return super().is_safe_attribute(obj, attr, value) and (there is None or attr in there)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """As Jinja's, in other words."""
        return self.undefined(f'"{attribute}" of a {type(obj).__name__} is not for templates', obj, attribute, SecurityError)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """As Jinja's; what is put into the text is judged."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        text: str = value.__self__
        form: _Form = _EscapingForm(self, escape=text.escape) if isinstance(text, Markup) else _Form(self)

        @wraps(value)
        def fill(*args: Any, **kwargs: Any) -> str:
            if value.__name__ == "format_map":
                ((kwargs,), args) = (args, ())
            return type(text)(form.vformat(text, args, kwargs))

        return fill

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """As before; what is put into a text is judged."""
        if operator == "%" and isinstance(left, str):
            for value in right.values() if isinstance(right, Mapping) else right if isinstance(right, tuple) else (right,):
                judged(value)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """As before; nothing that asks this machine, and no text of what is none."""
        whose, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        given = (*args, *kwargs.values())
        if isinstance(whose, (date, time)) or (isinstance(whose, type) and issubclass(whose, (date, time))):
            _refuse_this_machines(whose, name, given)
        elif isinstance(whose, Markup):
            # It makes a text of whatever it is given, which str refuses to do.
            for value in given:
                for one in value if isinstance(value, (list, tuple)) and name in _WITH_SEVERAL else (value,):
                    judged(one, none=name in _WITH_NONE)
        return super().call(context, obj, *args, **kwargs)

    def _joining(self, join: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(join)
        def join_texts(first: Any, value: Any, d: Any = "", attribute: str | int | None = None) -> Any:
            if not isinstance(value, Iterable):
                return join(first, value, judged(d))  # for Jinja to complain of
            of: Callable[[Any], Any] = _itself if attribute is None else make_attrgetter(self, attribute)
            return join(first, [judged(of(one)) for one in steps(value)], judged(d))

        return join_texts


def _itself(value: Any) -> Any:
    return value


def judged(value: Any, called: str = "", *, none: bool = False) -> Any:
    """It, where it is a text, a number, a date or a time; ``none`` lets none pass.

    Raises SecurityError, which says what to write instead; ``called`` is its name.
    """
    if isinstance(value, _TEXTS) or (none and value is None):
        return value
    raise SecurityError(_instead(value, called))


def _instead(value: Any, called: str) -> str:
    if isinstance(value, Macro):
        return f"{value.name} is a macro, and no text: call it, as in {value.name}()"
    name = getattr(value, "__name__", None)
    if callable(value) and isinstance(name, str):
        return f"{name} is no text: call it, as in {name}()"
    if value is None:
        return "none is no text"
    if isinstance(value, Iterable) and not isinstance(value, (Mapping, bytes)):
        return f"{called or 'this'} is a list, and no text: join it, as in {{{{ {called or 'rooms'} | join(', ') }}}}"
    return f"a {type(value).__name__} is no text, number or date"


def _all_judged(value: Any) -> None:
    """Raises SecurityError where it holds more than what :func:`judged` takes, none, and lists and tables of these."""
    if isinstance(value, Mapping):
        _all_judged(list(value.items()))
    elif isinstance(value, (list, tuple)):
        for one in value:
            _all_judged(one)
    else:
        judged(value, none=True)


def _of_texts(function: Callable[..., Any], *, data: bool) -> Callable[..., Any]:
    # Behind the context, or what else Jinja gives first.
    @wraps(function)
    def filter_of_texts(first: Any, value: Any = "", *args: Any, **kwargs: Any) -> Any:
        _all_judged(value) if data else judged(value)
        for more in (*args, *kwargs.values()):
            judged(more)
        return function(first, value, *args, **kwargs)

    return filter_of_texts


def _writing(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def write(context: Any, value: Any, called: str = "") -> Any:
        return function(context, judged(value, called))

    return write


def _same(value: Any, other: Any) -> bool:
    """Whether it is the very same: of true, false and none alone, as whether equal texts are one in memory is chance."""
    if other is not None and not isinstance(other, bool):
        raise SecurityError("sameas compares with true, false and none alone; write == for others")
    return value is other


class _Form(SandboxedFormatter):
    """Puts values into "{}"."""

    def convert_field(self, value: Any, conversion: Any) -> Any:
        return super().convert_field(judged(value), conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        if isinstance(value, (date, time)):
            _refuse_directive("s", format_spec)
        return super().format_field(value, format_spec)


class _EscapingForm(_Form, SandboxedEscapeFormatter):
    """As :class:`_Form`, in HTML."""


def _refuse_this_machines(whose: Any, name: str, given: Iterable[Any]) -> None:
    """Raises SecurityError for what would depend on the zone of this machine."""
    if name == "astimezone" and not any(isinstance(value, tzinfo) for value in given):
        raise SecurityError("astimezone() needs a zone, as in astimezone(start.tzinfo): without one it is that of this machine")
    if name in ("astimezone", "timestamp") and whose.utcoffset() is None:
        raise SecurityError(f"{name}() of a time without a zone would take it for one of this machine's")
    for value in given:
        if isinstance(value, str):
            _refuse_directive("Z" if name == "strptime" else "s", value)


def _refuse_directive(directive: str, form: str) -> None:
    if directive in _DIRECTIVES.findall(form):
        raise SecurityError(f"%{directive} goes by the zone of this machine")
