"""The sandbox's own declarations say the same as the schemas that Exchange serves, online and on premises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.xsd import Schemas
from timetable_sync.sandbox.ews.schema.automaton import MESSAGES, TYPES, State, automaton
from timetable_sync.sandbox.ews.schema.declarations import kind
from timetable_sync.sandbox.ews.schema.elements import HEADERS, MACROS, OPERATIONS
from timetable_sync.sandbox.ews.schema.words import WORDS

#: Words that Exchange Online has and Exchange Server 15.2 has not: the sandbox is Exchange Online here.
ONLINE_ONLY = {
    "V2017_10_09", "V2018_01_08", "User", "allcategorizeditems", "yammerdata", "kaizaladata", "messageingestion",
}  # fmt: skip


@pytest.fixture(params=["online-V2018_01_08", "onprem-15.2.2562.17"])
def schemas(request: pytest.FixtureRequest, ews_schemas: Path) -> Schemas:
    return Schemas(ews_schemas / request.param)


class Comparison:
    """Walks through both descriptions at once, from the operations down."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.seen: set[tuple[str, str]] = set()
        self.differences: list[str] = []

    def types(self, ours: str, theirs: str) -> None:
        if (ours, theirs) in self.seen or ours == "anything":
            return
        self.seen.add((ours, theirs))
        own, described = kind(ours), self.schemas.describe(theirs)
        if (own.start is None) != (described.start is None):
            self.differences.append(f"{ours}/{theirs}: one has children, the other has text")
            return
        if own.start is not None and described.start is not None:
            self.states(f"{ours}/{theirs}", own.start, described.start, set())
        else:
            self.words(ours, ours, described.words)
        if set(own.attributes) != set(described.attributes):
            self.differences.append(f"{ours}: attributes {sorted(set(own.attributes) ^ set(described.attributes))}")
        for name, (type_name, required) in described.attributes.items():
            if name in own.attributes:
                if (name in own.required) != required:
                    self.differences.append(f"{ours}: {name} is required in one only")
                inner = self.schemas.describe(type_name)
                self.words(f"{ours}@{name}", own.attributes[name][0], inner.words)

    def words(self, where: str, ours: str, theirs: frozenset[str] | None) -> None:
        own = frozenset(WORDS[ours].split()) if ours in WORDS else None
        if own is not None and theirs is not None and own - theirs <= ONLINE_ONLY and theirs <= own:
            return
        if own != theirs:
            self.differences.append(f"{where}: words differ: {sorted((own or frozenset()) ^ (theirs or frozenset()))[:5]}")

    def states(self, where: str, own: State, other: State, met: set[tuple[int, int]]) -> None:
        if (id(own), id(other)) in met:
            return
        met.add((id(own), id(other)))
        if list(own.follow) != list(other.follow) and set(own.follow) != set(other.follow):
            self.differences.append(f"{where}: {sorted(set(own.follow) ^ set(other.follow))[:4]} can follow in one only")
            return
        if own.may_end != other.may_end:
            self.differences.append(f"{where}: one may end where the other may not ({list(own.follow)[:3]})")
        for name, (state, type_name) in own.follow.items():
            twin, twin_type = other.follow[name]
            self.types(type_name, Schemas.type_name(twin_type))
            self.states(f"{where}/{name.rpartition(' ')[2]}", state, twin, met)


def test_every_operation_is_declared_as_the_schemas_have_it(schemas: Schemas) -> None:
    comparison = Comparison(schemas)
    for operation in OPERATIONS:
        comparison.types(operation, schemas.type_of(schemas.elements[f"m:{operation}"], "m"))
    assert comparison.differences == []
    assert len(comparison.seen) > 100


def test_every_header_is_declared_as_the_schemas_have_it(schemas: Schemas) -> None:
    comparison = Comparison(schemas)
    for name, (_, type_name) in automaton(f"({HEADERS})*", MACROS).follow.items():
        comparison.types(type_name, schemas.type_of(schemas.elements[f"t:{name.rpartition(' ')[2]}"], "t"))
    assert comparison.differences == []


def _names(state: State, met: set[int]) -> Iterator[str]:
    if id(state) in met:
        return
    met.add(id(state))
    for name, (following, _) in state.follow.items():
        yield name
        yield from _names(following, met)


def test_a_calendar_item_has_each_of_its_children_once_and_in_one_order() -> None:
    start = kind("CalendarItem").start
    assert start is not None
    names = list(dict.fromkeys(_names(start, set())))
    assert names[0] == f"{TYPES} MimeContent"
    assert names[-1] == f"{TYPES} DoNotForwardMeeting"
    assert len(names) == len(set(names)) > 120


def test_the_notation_knows_choice_repetition_and_namespaces() -> None:
    start = automaton("m:A (B | C:Int)* D?", {})
    after_a, _ = start.follow[f"{MESSAGES} A"]
    assert not start.may_end
    assert after_a.may_end
    assert set(after_a.follow) == {f"{TYPES} B", f"{TYPES} C", f"{TYPES} D"}
    after_c, type_name = after_a.follow[f"{TYPES} C"]
    assert type_name == "Int"
    assert f"{TYPES} B" in after_c.follow
    after_d, _ = after_c.follow[f"{TYPES} D"]
    assert after_d.may_end
    assert not after_d.follow
