"""Whether what a night did was right, effect by effect. Knows the timetable, the window and people's doings; asks the program nothing."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from tests.proof.years.configurations import Configuration
from tests.proof.years.expectation import Key, Span, expected, span_of, unusable
from tests.proof.years.seen import Content, Effect, Seen
from tests.proof.years.worlds import Asked


class Wrong(AssertionError):
    """A night did what no night may do."""


class Judge:
    """Follows a history: what nights wrote, and what people undid of it."""

    def __init__(self) -> None:
        #: By item: what was last written into it, to know an edit from what we wrote.
        self.written: dict[str, Content] = {}
        #: By key: all that was ever written for it.
        self.contents: dict[Key, set[Content]] = {}
        #: Items that a whole night found right: the ledger in use surely knows them.
        self.certain: set[str] = set()
        #: Items that people made, and that were as we had written them when a night read them: then they are ours.
        self.adopted: set[str] = set()
        #: By calendar and key: what stood there, found right by a whole night, when a person deleted the last of it.
        self.deleted: dict[tuple[str, Key], Content] = {}
        #: By calendar: what the last whole night left right, as far as no later one deleted it.
        self.settled: dict[str, dict[Key, Content]] = {}

    def night(self, asked: Asked, before: Mapping[str, Sequence[Seen]], effects: Iterable[Effect]) -> None:
        """Raises Wrong for the first effect that is not right. ``before`` is what stood in each calendar as the night began."""
        effects = list(effects)
        if asked.dry_run:
            _must(not effects, "a dry run wrote", effects[:1])
            return
        wanted, span = expected(asked.lessons, asked.configuration, asked.now), span_of(asked.configuration, asked.now)
        open_ones = {lesson.activity for lesson in asked.lessons if unusable(lesson, asked.configuration)}
        standing = {address: {item.id: item for item in items} for address, items in before.items()}
        for effect in effects:
            self._one(effect, asked, wanted.get(effect.address, {}), span, standing[effect.address], open_ones)
        if not asked.forced:
            # Meanwhile a person may have moved one more into the window, before it was read.
            _guards(asked.configuration, span, before, effects, more=asked.meanwhile is not None)

    def _one(
        self, effect: Effect, asked: Asked, wanted: Mapping[Key, Content], span: Span, there: dict[str, Seen], open_ones: Collection[str]
    ) -> None:
        alone = asked.meanwhile is None
        if effect.before is not None:
            _must(effect.before.key is not None, "a foreign event was touched", effect)
            _must(span.has(effect.before.start), "an event outside the window was touched", effect)
            theirs = effect.before.id not in self.written and effect.before.id not in self.adopted
            asked_for = wanted.get(effect.before.key) if effect.before.key is not None else None
            right = self.as_written(effect.before) or (asked_for is not None and effect.before.shows(asked_for))
            _must(not theirs or right or not alone, "a foreign event was touched, which someone made of one of ours", effect)
        match effect:
            case Effect(before=None, after=Seen() as after):
                key = _key(after, effect)
                same = [item for item in there.values() if item.key == key and span.has(item.start) and self.is_ours(item)]
                _must(not same or not alone, "a duplicate was made", effect)
                _must(key in wanted, "an event was made that the timetable does not have in the window", effect)
                _must(after.shows(wanted[key]), f"an event was made that should show {wanted[key]}", effect)
                if asked.configuration.deleted != "restore":
                    kept = self.deleted.get((effect.address, key))
                    _must(kept is None or kept != wanted[key], "an event was made anew that someone deleted, and was to stay so", effect)
                self.deleted.pop((effect.address, key), None)
            case Effect(before=Seen() as old, after=Seen() as after):
                key = _key(after, effect)
                _must(old.key == key, "an event was made into another lesson's", effect)
                _must(key in wanted, "an event was changed that the timetable does not have in the window", effect)
                _must(after.shows(wanted[key]), f"an event was changed that should show {wanted[key]}", effect)
                unowned = asked.configuration.text("") is None and old.content.body != after.content.body
                _must(not unowned, "a body was changed that is not ours", effect)
                if asked.configuration.edited != "restore" and alone:
                    ours = self.written.get(old.id)
                    _must(
                        ours is None or _shown(ours, wanted[key]) != wanted[key] or old.shows(wanted[key]),
                        "an edit was overwritten that was to be kept",
                        effect,
                    )
            case Effect(before=Seen() as old, after=None):
                key = _key(old, effect)
                same = [
                    item for item in there.values() if item.key == key and item.id != old.id and span.has(item.start) and self.is_ours(item)
                ]
                _must(key not in wanted or bool(same) or not alone, "an event of the timetable was deleted", effect)
                if not same and alone:
                    _must(key[0] not in open_ones, "an event was deleted whose row cannot be read", effect)
                if not same:
                    self.settled.get(effect.address, {}).pop(key, None)
        if effect.after is not None:
            there[effect.after.id] = effect.after
            self.written[effect.after.id] = effect.after.content
            if effect.after.key is not None:
                self.contents.setdefault(effect.after.key, set()).add(effect.after.content)
        elif effect.before is not None:
            there.pop(effect.before.id, None)

    def as_written(self, item: Seen) -> bool:
        """Whether the item shows what was once written for its key."""
        return item.key is not None and not item.all_day and item.content in self.contents.get(item.key, ())

    def is_ours(self, item: Seen) -> bool:
        """Whether a night has to take the item for ours: it is as it was written, or the ledger in use surely knows it."""
        return self.as_written(item) or item.id in self.certain

    def night_read(self, *moments: Mapping[str, Sequence[Seen]]) -> None:
        """A night has read; ``moments`` are what stood as it began and ended."""
        self.adopted.update(item.id for stood in moments for items in stood.values() for item in items if self.as_written(item))

    def whole_night(self, asked: Asked, after: Mapping[str, Sequence[Seen]]) -> None:
        """A night has ended well: what stands now is known to the ledger in use."""
        wanted, span = expected(asked.lessons, asked.configuration, asked.now), span_of(asked.configuration, asked.now)
        self._forget_beyond(span, after)
        for address, items in after.items():
            right = wanted.get(address, {})
            # Of two with one key, one may lie where a person moved it, beyond the window: no ledger knows of that.
            seen = [item for item in items if span.has(item.start)]
            self.settled[address] = {item.key: item.content for item in seen if item.key is not None and item.key in right}
            known = [item for item in seen if item.key is not None and item.key in right and item.shows(right[item.key])]
            once = Counter(item.key for item in known)
            self.certain.update(item.id for item in known if once[item.key] == 1)

    def some_night(self, asked: Asked, *moments: Mapping[str, Sequence[Seen]]) -> None:
        """A night has read; ``moments`` are what stood as it began and ended. What then lay beyond the window the ledger may forget."""
        span = span_of(asked.configuration, asked.now)
        self._forget_beyond(span, *moments)
        for address, found in self.settled.items():
            within = [{item.key for item in stood[address] if span.has(item.start)} for stood in moments]
            for key in [key for key in found if any(key not in keys for keys in within)]:
                del found[key]

    def _forget_beyond(self, span: Span, *moments: Mapping[str, Sequence[Seen]]) -> None:
        """What lies beyond the window that a night read the ledger no longer knows: once the window reaches it, it may be a copy."""
        self.certain -= {item.id for stood in moments for items in stood.values() for item in items if not span.has(item.start)}

    def known(self, span: Span) -> set[str]:
        """The calendars of which the ledger in use surely has an event in this window."""
        return {address for address, found in self.settled.items() if any(span.has(content.start) for content in found.values())}

    def person_deleted(self, address: str, item: Seen, left: Iterable[Seen]) -> None:
        """A person has deleted ``item``; ``left`` is what then stands."""
        key = item.key
        if key is not None and item.id in self.written and key in self.settled.get(address, {}) and all(one.key != key for one in left):
            self.deleted[address, key] = self.written[item.id]

    def ledger_changed(self) -> None:
        """Another ledger is in use: what people deleted before, it may not know."""
        self.deleted.clear()
        self.settled.clear()
        self.certain.clear()


def _key(item: Seen, effect: Effect) -> Key:
    _must(item.key is not None, "an event without our marker was written", effect)
    assert item.key is not None
    return item.key


def _shown(content: Content, like: Content) -> Content:
    """``content`` as far as ``like`` owns it."""
    return content if like.body is not None else content._replace(body=None)


def _guards(
    configuration: Configuration, span: Span, before: Mapping[str, Sequence[Seen]], effects: Iterable[Effect], *, more: bool
) -> None:
    """Of several with one key, one counts, and only if none of them is left or made anew."""
    effects, ours, deletes = list(effects), dict[str, int](), dict[str, int]()
    for address, items in before.items():
        there = defaultdict[Key, set[str]](set)
        for item in items:
            if item.key is not None and span.has(item.start):
                there[item.key].add(item.id)
        gone = {one.before.id for one in effects if one.address == address and one.before is not None and one.after is None}
        made = {one.after.key for one in effects if one.address == address and one.before is None and one.after is not None}
        ours[address], deletes[address] = len(there), sum(ids <= gone and key not in made for key, ids in there.items())
    for address, count in deletes.items():
        allowed = configuration.allowed_in_calendar(ours[address] + more)
        _must(count <= allowed, f"{count} of {ours[address]} events of {address} were deleted, {allowed} may be", None)
    total, standing = sum(deletes.values()), sum(ours.values())
    allowed = configuration.allowed_in_run(standing + more)
    _must(total <= allowed, f"{total} of {standing} events were deleted in all, {allowed} may be", None)


def equal_to_timetable(judge: Judge, asked: Asked, after: Mapping[str, Sequence[Seen]], exempt: Collection[str]) -> int:
    """Raises Wrong unless every calendar's window is as the timetable wants it, each lesson there once.

    What people edited, and the ledger does not surely know, may be a copy that they made: it stays, and where nothing else stands for the
    lesson it stands for it. Gives how many lessons that are.
    """
    unsure = 0
    wanted, span = expected(asked.lessons, asked.configuration, asked.now), span_of(asked.configuration, asked.now)
    for address, items in after.items():
        if address in exempt:
            continue
        found: dict[Key, list[Seen]] = defaultdict(list)
        for item in items:
            if item.key is not None and span.has(item.start):
                found[item.key].append(item)
        right = wanted.get(address, {})
        for key in sorted({*found, *right}):
            there = found.get(key, [])
            _must(bool(there) or key not in right, f"{key} is not in {address}, which should show {right.get(key)}", None)
            good = [item for item in there if key in right and item.shows(right[key])]
            noted = asked.configuration.text("") is None
            ours = [
                item
                for item in there
                if item in good or (judge.as_written(item) and not (noted and item.content.body)) or (item.id in judge.certain and not good)
            ]
            _must(key in right or not ours, f"{key} is in {address}, and should not be", there)
            _must(len(ours) <= 1, f"{key} is {len(ours)} times in {address}", there)
            _must(not ours or bool(good), f"{key} in {address} should show {right.get(key)}", there)
            unsure += key in right and not good
    return unsure


def _must(right: bool, sentence: str, seen: object) -> None:
    if not right:
        raise Wrong(sentence if not seen else f"{sentence}: {seen}")
