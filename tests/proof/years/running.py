"""Runs histories, and says what was found: a counter-example as the steps that lead to it, as few as could be found."""

import re
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.internal.conjecture import engine
from hypothesis.stateful import RULE_MARKER, run_state_machine_as_test

from tests.proof.years.machine import Years
from tests.proof.years.worlds import World
from timetable_sync import logs

#: Rules in a history; the nights that end it come on top.
STEPS = 16

#: Seconds spent on making a counter-example shorter: a night takes its time, and what is found by then can be read.
SHRINKING = 60

_STEP = re.compile(r"^\s*state\.(?P<step>.*)$")


@dataclass
class Found:
    """What came of some histories: ``tally`` counts what they did; ``counter_example`` is empty where all was well."""

    tally: Counter[str] = field(default_factory=Counter)
    counter_example: str = ""
    counter_examples: int = 0


def histories(world: World, count: int, of: int, *, steps: int = STEPS, shrink: bool = True, rules: Collection[str] = ()) -> Found:
    """``count`` histories in ``world``, by chance that comes from the seed ``of``. ``rules`` are the only ones used; none means all."""
    tally = Counter[str]()

    class History(Years):
        pass

    if rules:
        for name in vars(Years):
            if hasattr(getattr(Years, name), RULE_MARKER) and name not in rules:
                setattr(History, name, _no_rule(name))
    History.world, History.tally = world, tally
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    chosen = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
        print_blob=False,
    )
    logs.configure(logs.QUIET)
    try:
        with patch.object(engine, "MAX_SHRINKING_SECONDS", SHRINKING):
            run_state_machine_as_test(seed(of)(History), settings=chosen)
    except Exception as wrong:
        return Found(tally, readable(wrong), 1)
    return Found(tally)


def _no_rule(name: str) -> Callable[..., None]:
    """What takes a rule's place so that the machine does not see one; others that call it by its name find it."""

    def same(history: Years, *given: object, **named: object) -> None:
        getattr(Years, name)(history, *given, **named)

    return same


def readable(wrong: Exception) -> str:
    """The steps of a counter-example, then what is wrong, one a line."""
    lines = [*getattr(wrong, "__notes__", ())]
    steps = [line for note in lines for line in note.splitlines() if _STEP.match(line) or line.startswith("night of")]
    said = f"{type(wrong).__name__}: {wrong}"
    where = "" if type(wrong).__name__ == "Wrong" else "".join(traceback.format_tb(wrong.__traceback__)[-3:])
    return "\n".join(["", *(step.strip().removeprefix("state.") for step in steps), "=> " + said, where]).rstrip()


def together(found: Iterable[Found]) -> Found:
    """Several of them as one."""
    whole = Found()
    for one in found:
        whole.tally += one.tally
        whole.counter_example = whole.counter_example or one.counter_example
        whole.counter_examples += one.counter_examples
    return whole
