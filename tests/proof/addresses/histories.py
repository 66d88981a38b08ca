"""One history by its seed: nights, between which addresses, mailboxes, timetable and ledger change; then each mailbox has one address."""

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.proof.addresses.judge import held, judged, not_right, waiting
from tests.proof.addresses.scene import DOMAINS, FORGET_AFTER, LEFT_ALONE, Asked, Night, Scene, Step
from tests.proof.figures import Finding, Wrong

_NIGHTS = (3, 6)


@dataclass
class Found:
    """What came of a history: its ``steps`` in words, what was ``wrong`` with each night, and what it was made of, counted."""

    steps: list[str] = field(default_factory=list)
    wrong: list[Finding] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)


def history(scene: Scene, seed: str) -> Found:
    """The history of this seed."""
    chance, found = random.Random(seed), Found()  # noqa: S311 - chance for tests, no secret
    scene.begin(chance)
    for module in [LEFT_ALONE, *(f"M{number}" for number in range(1, chance.randint(2, 3) + 1))]:
        scene.timetable.named[module] = address = scene.new_address(DOMAINS[0])
        scene.open(address)
        for _ in range(chance.randint(3, 7)):
            scene.new_lesson(module)
    _spent(scene, Asked(), found)
    for _ in range(chance.randint(*_NIGHTS)):
        for name, step in chance.sample(sorted(STEPS.items()), chance.choice((1, 1, 2, 3))):
            if did := step(scene, chance):
                found.steps.append(f"{name}: {did}")
                found.tally[name] += 1
        night = _spent(scene, _asked(scene, chance), found)
        if held(night) and chance.random() < 0.4:
            _spent(scene, Asked(forced=True), found)
        if found.wrong:
            return found
    _in_the_end(scene, found)
    return found


def _in_the_end(scene: Scene, found: Found) -> None:
    """Each mailbox has one address, each calendar a mailbox; what guards hold is released. Then a night has nothing to do any more."""
    heal(scene)
    found.steps.append(f"each has one address: {scene.timetable.named}")
    for _ in range(FORGET_AFTER):
        night = _spent(scene, Asked(), found)
        if held(night):
            _spent(scene, Asked(forced=True), found)
    last = _spent(scene, Asked(), found)
    if last.summary.exit_code != 0:
        found.wrong.append(Finding(Wrong.NOT_CONVERGED, f"the last night ended with {last.summary.exit_code}: {said(last)}"))
    if last.written:
        found.wrong.append(Finding(Wrong.NOT_CONVERGED, f"the last night wrote to {dict(last.written)}"))
    found.wrong += [Finding(Wrong.NOT_CONVERGED, f"in the end {one}") for one in not_right(last)]


def _spent(scene: Scene, asked: Asked, found: Found) -> Night:
    night = scene.night(asked)
    found.steps.append(f"night {asked}: {night.summary.exit_code}, written {dict(night.written)}, {said(night)}")
    found.wrong += judged(night)
    found.tally["waiting"] += len(waiting(night))
    scene.remember(night)
    found.tally["nights"] += 1
    found.tally["held"] += held(night)
    found.tally["written"] += sum(night.written.values())
    return night


def _asked(scene: Scene, chance: random.Random) -> Asked:
    how = chance.random()
    if how < 0.1:
        return Asked(dry_run=True)
    if how < 0.22:
        return Asked(modules=(chance.choice(sorted(scene.timetable.lessons)),))
    if how < 0.34:
        return Asked(ailing=(chance.choice(sorted(scene.leads())),))
    return Asked()


def said(night: Night) -> str:
    """What the night said of calendars, guards and addresses."""
    summary = night.summary
    ended = [summary.failure.message] if summary.failure else [summary.cut_short]
    calendars = [f"{one.calendar.address} {one.status}{f': {one.trouble.message}' if one.trouble else ''}" for one in summary.calendars]
    held = [one.sentence for one in summary.held]
    notes = [one.message for one in (*summary.needs_you, *summary.worth_knowing)]
    return "; ".join(one for one in (*ended, *calendars, *held, *notes) if one)


def heal(scene: Scene) -> None:
    """Each module has an address of its own, each mailbox one address."""
    taken = set[str]()
    for module, address in sorted(scene.timetable.named.items()):
        leads = scene.leads()
        if address.lower() not in leads:
            scene.open(address)
            primary = address
        else:
            primary = leads[address.lower()]
        if primary in taken:
            primary = scene.new_address(DOMAINS[0])
            scene.open(primary)
        taken.add(primary)
        scene.timetable.named[module] = primary
    for alias in scene.aliases():
        scene.client.remove_alias(alias)


def _follow(scene: Scene, chance: random.Random, old: str, new: str, *, often: float = 0.8) -> str:
    """The timetable names the new address, mostly."""
    modules = [module for module, address in scene.timetable.named.items() if address.lower() == old.lower()]
    if not modules or chance.random() >= often:
        return ""
    scene.timetable.named |= dict.fromkeys(modules, new)
    return f", and {modules} named by it"


def renamed(scene: Scene, chance: random.Random) -> str:
    """A mailbox gets another address."""
    if not (primaries := scene.primaries()):
        return ""
    old, keep = chance.choice(primaries), chance.random() < 0.5
    free = [one for one, primary in scene.aliases().items() if primary == old]
    new = chance.choice(free) if free and chance.random() < 0.3 else scene.new_address(chance.choice(DOMAINS))
    scene.client.rename_mailbox(old, new, keep=keep)
    return f"{old} to {new}, the old one {'kept' if keep else 'gone'}{_follow(scene, chance, old, new)}"


def renamed_and_old_name_given_again(scene: Scene, chance: random.Random) -> str:
    """A mailbox gets another address, and a new mailbox the old one."""
    if not (primaries := scene.primaries()):
        return ""
    old, new = chance.choice(primaries), scene.new_address(chance.choice(DOMAINS))
    scene.client.rename_mailbox(old, new, keep=False)
    scene.open(old)
    return f"{old} to {new}{_follow(scene, chance, old, new, often=0.6)}"


def domain_changed(scene: Scene, chance: random.Random) -> str:
    """Every mailbox has its address in another domain."""
    to, keep = chance.choice(DOMAINS), chance.random() < 0.6
    done = []
    for old in scene.primaries(all_of_them=True):
        new = f"{old.partition('@')[0]}@{to}"
        if new == old or scene.leads().get(new.lower(), old) != old:
            continue
        scene.client.rename_mailbox(old, new, keep=keep)
        done.append(f"{old}{_follow(scene, chance, old, new, often=1.0)}")
    return f"{done} to {to}, the old ones {'kept' if keep else 'gone'}" if done else ""


def timetable_follows(scene: Scene, _: random.Random) -> str:
    """The timetable names every mailbox by its primary address."""
    leads = scene.leads()
    late = {module: leads[one.lower()] for module, one in scene.timetable.named.items() if leads.get(one.lower(), one) != one}
    scene.timetable.named |= late
    return str(late) if late else ""


def timetable_is_ahead(scene: Scene, chance: random.Random) -> str:
    """The timetable names an address that there is not yet."""
    if not (modules := scene.modules()):
        return ""
    module = chance.choice(modules)
    scene.timetable.named[module] = scene.new_address(chance.choice(DOMAINS))
    return f"{module} named by {scene.timetable.named[module]}"


def alias_added(scene: Scene, chance: random.Random) -> str:
    """A mailbox is found by another address, which a module that was named by it may be named by from now on."""
    if not (primaries := scene.primaries()):
        return ""
    primary, alias = chance.choice(primaries), scene.new_address(chance.choice(DOMAINS))
    scene.client.add_alias(primary, alias)
    return f"{alias} of {primary}{_follow(scene, chance, primary, alias, often=0.5)}"


def alias_taken_away(scene: Scene, chance: random.Random) -> str:
    """A mailbox is not found by it any more."""
    if not (aliases := sorted(scene.aliases())):
        return ""
    alias = chance.choice(aliases)
    scene.client.remove_alias(alias)
    return alias


def made_anew(scene: Scene, chance: random.Random) -> str:
    """Another mailbox, empty but for a person's event, is found by a mailbox's addresses."""
    if not (primaries := scene.primaries()):
        return ""
    primary = chance.choice(primaries)
    scene.client.make_mailbox_anew(primary)
    scene.coffee(primary)
    scene.anew.add(primary)
    return primary


def two_addresses_of_one(scene: Scene, chance: random.Random) -> str:
    """One module, an old one or a new one, is named by an alias of another one's mailbox."""
    leads, timetable = scene.leads(), scene.timetable
    there = [module for module in scene.modules() if timetable.named[module].lower() in leads]
    if not there:
        return ""
    whose = chance.choice(there)
    module = chance.choice(sorted({*scene.modules(), _new_module(scene)} - {whose}))
    alias = scene.new_address(chance.choice(DOMAINS))
    scene.client.add_alias(leads[timetable.named[whose].lower()], alias)
    timetable.named[module] = alias
    if module not in timetable.lessons:
        for _ in range(3):
            scene.new_lesson(module)
    return f"{module} named by {alias} of {whose}"


def mailboxes_change_places(scene: Scene, chance: random.Random) -> str:
    """Two mailboxes get each other's address."""
    if len(primaries := scene.primaries()) < 2:
        return ""
    one, other = chance.sample(primaries, 2)
    spare = scene.new_address(DOMAINS[0])
    for old, new in ((one, spare), (other, one), (spare, other)):
        scene.client.rename_mailbox(old, new, keep=False)
    return f"{one} and {other}"


def modules_change_places(scene: Scene, chance: random.Random) -> str:
    """Two modules get each other's mailbox."""
    named = scene.timetable.named
    if len(scene.modules()) < 2:
        return ""
    one, other = chance.sample(scene.modules(), 2)
    named[one], named[other] = named[other], named[one]
    return f"{one} and {other}"


def module_leaves(scene: Scene, chance: random.Random) -> str:
    """The timetable has no such module any more."""
    if not (modules := scene.modules()):
        return ""
    module = chance.choice(modules)
    del scene.timetable.named[module], scene.timetable.lessons[module]
    return module


def module_comes(scene: Scene, chance: random.Random) -> str:
    """A new module, in a mailbox of its own that may have been another one's."""
    named, leads = scene.timetable.named, scene.leads()
    module = _new_module(scene)
    free = sorted(set(scene.primaries()) - {leads.get(one.lower(), "") for one in named.values()})
    address = chance.choice(free) if free and chance.random() < 0.5 else scene.new_address(chance.choice(DOMAINS))
    if address not in free:
        scene.open(address)
    named[module] = address
    for _ in range(chance.randint(2, 4)):
        scene.new_lesson(module)
    return f"{module} in {address}"


def _new_module(scene: Scene) -> str:
    return next(one for one in (f"M{number}" for number in range(1, 99)) if one not in scene.timetable.named)


def lessons_change(scene: Scene, chance: random.Random) -> str:
    """One is new, one is called otherwise, or one is no more."""
    module = chance.choice(sorted(scene.timetable.lessons))
    lessons = scene.timetable.lessons[module]
    how = chance.choice(("new", "called otherwise", "no more"))
    if how == "new" or len(lessons) < 2:
        scene.new_lesson(module)
        return f"a new one of {module}"
    activity = chance.choice(sorted(lessons))
    if how == "no more":
        del lessons[activity]
    else:
        lessons[activity] += " again"
    return f"{activity} of {module} {how}"


def mailbox_goes(scene: Scene, chance: random.Random) -> str:
    """A mailbox is gone, with all its addresses."""
    if not (primaries := scene.primaries()):
        return ""
    primary = chance.choice(primaries)
    scene.client.remove_mailbox(primary)
    return primary


def mailboxes_come(scene: Scene, _: random.Random) -> str:
    """There is a mailbox for each address of the timetable."""
    lacking = sorted({one for one in scene.timetable.named.values() if one.lower() not in scene.leads()})
    for address in lacking:
        if address.lower() not in scene.leads():
            scene.open(address)
    return str(lacking) if lacking else ""


def written_in_capitals(scene: Scene, chance: random.Random) -> str:
    """The timetable has an address in another case."""
    module = chance.choice(sorted(scene.timetable.named))
    scene.timetable.named[module] = scene.timetable.named[module].swapcase()
    return f"{module} named by {scene.timetable.named[module]}"


def ledger_lost(scene: Scene, _: random.Random) -> str:
    """The state database is gone."""
    scene.lose_ledger()
    return "all of it"


def ledger_backed_up(scene: Scene, _: random.Random) -> str:
    """There is a backup of the state database."""
    scene.ledgers.keep()
    return "as it is"


def ledger_put_back(scene: Scene, _: random.Random) -> str:
    """The state database is as it was at the backup, if there was one."""
    scene.ledgers.restore()
    return "from the backup, if any"


STEPS: dict[str, Step] = {
    step.__name__.replace("_", " "): step
    for step in (
        renamed,
        renamed_and_old_name_given_again,
        domain_changed,
        timetable_follows,
        timetable_is_ahead,
        alias_added,
        alias_taken_away,
        made_anew,
        two_addresses_of_one,
        mailboxes_change_places,
        modules_change_places,
        module_leaves,
        module_comes,
        lessons_change,
        mailbox_goes,
        mailboxes_come,
        written_in_capitals,
        ledger_lost,
        ledger_backed_up,
        ledger_put_back,
    )
}
