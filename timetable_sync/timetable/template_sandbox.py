"""Jinja's sandbox with bounds: whatever a template says, what it makes and how long it works is limited, the same on every machine.

Jinja's own sandbox keeps a template from Python's insides, not from ``'x' * 10**9`` or loops within loops. A limit in seconds would let
the same lesson fail on a busy night and not on another. So it is counted: each rendering may spend so much, and steps of loops, calls,
filters and every text that is put together cost what they weigh. What can make much out of little (repeating, padding, joining,
replacing) is refused before it is done. Who runs out has the one rendering fail, as any mistake in a template does.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from functools import wraps
from threading import local
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context
from jinja2.visitor import NodeTransformer

#: What one rendering may spend: characters that are put together, and steps, each of which costs as much as some.
ALLOWANCE = 4_000_000
_STEP = 20
#: No text that a template keeps or writes may be longer, and no range.
LONGEST_TEXT = 32_768
_LONGEST_RANGE = 1_000
#: No value weighs more than is worth counting.
_HEAVIEST = 2 * LONGEST_TEXT

#: A width of five digits and more, in "%…s", "{:…}" and "%d" of a date.
_WIDE = re.compile(r"\d{5}|\*")
_NESTED = re.compile(r"\{[^{}]*\{")

_spent = local()


@contextmanager
def allowance() -> Iterator[None]:
    """Within it, a template of :class:`BoundedEnvironment` may be rendered, and may spend :data:`ALLOWANCE`."""
    _spent.left = ALLOWANCE
    yield


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """``autoescape`` and more as Jinja has them. Unknown names are errors. Renders within :func:`allowance` only."""

    intercepted_binops = frozenset(["*", "**", "%", "+"])

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, **options)
        # Nothing but what is given has a say in what comes out.
        del self.filters["random"]
        del self.globals["lipsum"]
        for name, function in self.filters.items():
            self.filters[name] = _metered(name, function)
        self.filters |= {COUNTED: _counted_filter, WEIGHED: _weighed_filter, WRITTEN: _weighed_filter}
        self.globals["range"] = _range

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Metering().visit(super()._parse(source, name, filename))
        return tree

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """As Jinja's, but for what would be too much."""
        if operator == "**" and not (abs(left) <= LONGEST_TEXT and abs(right) <= 16):
            raise SecurityError(f"{left} ** {right} is more than a template may reckon")
        if operator == "*":
            for some, times in ((left, right), (right, left)):
                if isinstance(some, Sized) and isinstance(times, int) and len(some) * times > LONGEST_TEXT:
                    raise SecurityError("this text is repeated too often")
        if operator == "%" and isinstance(left, str):
            _refuse_wide(left)
        _weighed(left), _weighed(right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """As Jinja's; a step, and nothing that makes too much."""
        _pay(_STEP)
        if isinstance(obj, LoopContext):
            return super().call(context, obj, *map(_counted, args), **kwargs)
        # Jinja puts its own around str.format.
        whose = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)
        if isinstance(obj, Macro) or whose is None:
            for value in (*args, *kwargs.values()):
                _weighed(value)
        elif getattr(obj, "__name__", "") in ("format", "format_map", "strftime", "__format__"):
            for text in (whose, *args):
                if isinstance(text, str) and (text is whose or not isinstance(whose, str)):
                    _refuse_wide(text)
            _weighed([*args, *kwargs.values()])
        else:
            _refuse_much(whose, (*args, *kwargs.values()))
        return _weighed(super().call(context, obj, *args, **kwargs))


def _pay(much: int) -> None:
    _spent.left -= much
    if _spent.left < 0:
        raise SecurityError("it does more than a template may")


def _weight(value: Any, most: int = _HEAVIEST) -> int:
    """About how many characters it would be as text; beyond ``most`` it is not counted further."""
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, int):
        return value.bit_length() // 3 + 1
    inside: Iterable[Any]
    if isinstance(value, Mapping):
        inside = (part for pair in value.items() for part in pair)
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside = value
    elif isinstance(value, Namespace):
        inside = (getattr(value, "_Namespace__attrs", {}),)
    else:
        return _STEP
    weight = 2
    for part in inside:
        weight += _weight(part, most - weight) + 2
        if weight > most:
            break
    return weight


def _weighed(value: Any) -> Any:
    """It, paid for. Raises SecurityError for what is too much, and for what is no value."""
    if isinstance(value, Undefined):
        return value  # for Jinja to complain of
    weight = _weight(value)
    if weight >= _HEAVIEST:
        raise SecurityError("this text is longer than one may be")
    _pay(weight + 1)
    return value


def _counted(values: Any) -> Any:
    """Each step of it is paid for."""
    if isinstance(values, Undefined) or not isinstance(values, Iterable):
        return values  # for Jinja to complain of
    return steps(values)


class steps:  # noqa: N801 - a generator would have no length, which a loop may ask for
    """Members of a loop, each of which is paid for."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        for value in self._values:
            _pay(_STEP)
            yield value

    def __len__(self) -> int:
        return len(self._values)


def _metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is paid for, and that is not begun where it would make too much."""
    place = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def filter_within_bounds(*args: Any, **kwargs: Any) -> Any:
        _pay(_STEP)
        given = list(args)
        if len(given) > place and isinstance(given[place], Iterator):
            given[place] = list(steps(given[place]))
        value, more = (given[place] if len(given) > place else ""), (*given[place + 1 :], *kwargs.values())
        if name == "format":
            _refuse_wide(str(value))
            _weighed(list(more))
        else:
            _refuse_much(value, more)
        return _weighed(function(*given, **kwargs))

    # Without it Jinja works out at once what it can, before anything is allowed.
    if place == 0:
        return pass_context(lambda _, *args, **kwargs: filter_within_bounds(*args, **kwargs))
    return filter_within_bounds


def _refuse_much(value: Any, more: Iterable[Any]) -> None:
    """What comes out of a call is at most its value times what else it is given: as a width, a separator, a replacement."""
    weights = [_weight(value), *(abs(one) if isinstance(one, int) else _weight(one) for one in more)]
    if any(weight >= _HEAVIEST for weight in weights) or (weights[0] + 1) * (sum(weights[1:]) + 1) > ALLOWANCE:
        raise SecurityError("this would be longer than a text may be")
    _pay(weights[0])


def _refuse_wide(text: str) -> None:
    if _WIDE.search(text) or _NESTED.search(text):
        raise SecurityError("this format is wider than a text may be")


def _range(*limits: int) -> range:
    numbers = range(*limits)
    if len(numbers) > _LONGEST_RANGE:
        raise SecurityError(f"a range of more than {_LONGEST_RANGE}")
    return numbers


#: The filters that what loops go over, what is kept, and what becomes text go through. To the last one it is told what it is called.
COUNTED = "counted within bounds"
WEIGHED = "weighed within bounds"
WRITTEN = "written within bounds"


@pass_context
def _counted_filter(_: Any, values: Any) -> Any:
    return _counted(values)


@pass_context
def _weighed_filter(_: Any, value: Any, called: str = "") -> Any:
    return _weighed(value)


def _through(name: str, node: Any) -> nodes.Filter:
    called = [nodes.Const(node.name, lineno=node.lineno)] if name == WRITTEN and isinstance(node, nodes.Name) else []
    return nodes.Filter(node, name, called, [], None, None, lineno=node.lineno)


class _Metering(NodeTransformer):
    """Puts the counting into a template: around what loops go over, what is kept, what is joined, and what is written."""

    def __init__(self) -> None:
        self._repeated = 0

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's names
        self._within(node)
        node.iter = _through(COUNTED, node.iter)
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:  # noqa: N802 - Jinja's name
        self._within(node)
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.CallBlock:  # noqa: N802 - Jinja's name
        self._within(node)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.nodes = [
            part if isinstance(part, nodes.TemplateData) and not self._repeated else _through(WRITTEN, part) for part in node.nodes
        ]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Concat:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.nodes = [_through(WRITTEN, part) for part in node.nodes]
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Assign:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.node = _through(WEIGHED, node.node)
        return node

    def _within(self, node: nodes.Node) -> None:
        self._repeated += 1
        self.generic_visit(node)
        self._repeated -= 1
