"""Which names a template writes as they are, so that without one of them something is missing from what it makes. Pure.

``{{ school | lower }}-{{ calendar }}`` writes both; what stands in a condition, a loop or a default is there for a name that may be empty.
"""

from collections.abc import Iterable

from jinja2 import nodes

from timetable_sync.timetable.bounded import WRITTEN

#: Filters that make nothing of nothing.
_KEEP_NOTHING = frozenset(
    {WRITTEN, "capitalize", "e", "escape", "forceescape", "format", "join", "lower", "replace", "reverse", "safe", "slug", "sort", "string"}
    | {"striptags", "title", "trim", "truncate", "unique", "upper", "urlencode"}
)


def written_outright(tree: nodes.Template) -> frozenset[str]:
    """The names, of a template of a :class:`~timetable_sync.timetable.bounded.BoundedEnvironment`."""
    return _in_any(part for output in tree.body if isinstance(output, nodes.Output) for part in output.nodes)


def _in_any(parts: Iterable[nodes.Node]) -> frozenset[str]:
    return frozenset[str]().union(*map(_in, parts))


def _in(part: nodes.Node) -> frozenset[str]:
    match part:
        case nodes.Name():
            return frozenset({part.name})
        case nodes.Filter() if part.name in _KEEP_NOTHING and part.node is not None:
            return _in(part.node)
        case nodes.Concat():
            return _in_any(part.nodes)
        case nodes.Add():
            return _in_any((part.left, part.right))
        case nodes.Getitem() | nodes.Getattr() | nodes.Call():
            # A part of it, or what one of its methods makes of it: calendar[:7], calendar.lower().
            return _in(part.node)
        case _:
            return frozenset()
