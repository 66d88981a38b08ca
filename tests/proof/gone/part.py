"""A night over five hundred calendars, of which some are gone, moved, full, or refuse an event."""

import random
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proof.figures import Amount, Figure, Part, Say
from tests.proof.gone.findings import after_the_next, after_the_night
from tests.proof.gone.scene import Scene
from tests.sandbox_process import SandboxProcess

CALENDARS = 500


def prove(amount: Amount, say: Say) -> Iterable[Figure]:
    """The evening, the night, and the night after."""
    chance = random.Random(amount.seed)  # noqa: S311 - chance for tests, no secret
    with TemporaryDirectory(prefix="gone-") as folder, SandboxProcess() as sandbox:
        scene = Scene(Path(folder), sandbox, amount.of(CALENDARS, 20), chance)
        say("the evening")
        scene.evening()
        scene.befall()
        say("the night: 3 gone, 2 being moved, 1 over quota, 5 events refused")
        yield from after_the_night(scene, scene.run().returncode)
        scene.relieve()
        say("the night after")
        yield from after_the_next(scene, scene.run().returncode)


PART = Part("gone", f"a night over {CALENDARS} calendars: 3 gone, 2 being moved, 1 over quota, 5 events refused", prove)
