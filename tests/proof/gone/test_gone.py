"""A share of it for CI: fewer calendars, the same troubles, and waits that are short."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proof.gone.findings import after_the_next, after_the_night
from tests.proof.gone.scene import Scene
from tests.sandbox_process import SandboxProcess


@pytest.mark.slow
def test_every_calendar_but_the_six_is_right_and_each_trouble_is_named_with_what_to_do(
    tmp_path: Path, tried: Callable[[str], None]
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    tried(f"30 calendars, seed {seed}")
    with SandboxProcess() as sandbox:
        scene = Scene(tmp_path, sandbox, 30, random.Random(seed), hurry=True)  # noqa: S311 - chance for tests, no secret
        scene.evening()
        scene.befall()
        night = scene.run()
        assert not [one for one in after_the_night(scene, night.returncode) if not one.good], f"seed {seed}\n{night.stdout}{night.stderr}"
        scene.relieve()
        after = scene.run()
        assert not [one for one in after_the_next(scene, after.returncode) if not one.good], f"seed {seed}\n{after.stdout}{after.stderr}"
