"""CI's share of the canaries; and that the search finds a secret that is somewhere, in each form."""

import base64
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.proof.figures import Amount
from tests.proof.secrets.canaries import Canaries
from tests.proof.secrets.part import judged, plays
from tests.proof.secrets.scenes import SCENES, world
from tests.sandbox_process import make_certificate

SEED = random.SystemRandom().randrange(2**32)


@pytest.mark.slow
@pytest.mark.postgresql
def test_no_secret_leaves_some_scenes_of_all_and_a_mistake_that_says_them(tmp_path: Path, tried: Callable[[str], None]) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chance for tests, no secret
    some = [(scene, 3, "json") for scene in SCENES if "while Exchange is asked" in scene.name] + plays(Amount(3 / 250, SEED))
    tried(f"{len(some)} scenes, seed {SEED}")
    with world(tmp_path, chance) as there:
        for scene, verbosity, form in some:
            left = there.play(scene, verbosity, form)
            assert judged(there, scene, left) == [], f"seed {SEED}"
            assert "stderr" in left.places
            assert left.seen.environments


def test_the_search_finds_a_secret_in_each_form(tmp_path: Path) -> None:
    canaries = Canaries.by(random.Random(SEED))  # noqa: S311 - chance for tests, no secret
    word = canaries["state.password"]
    forms = [
        word.encode(),
        quote(word).encode(),
        word.encode().hex().upper().encode(),
        word.encode("utf-16-le"),
        *(base64.b64encode(before + word.encode() + b"after") for before in (b"", b"u:", b"ab:", b"abc:")),
    ]
    for form in forms:
        assert canaries.search({"somewhere": b"x" + form + b"y"})[0].startswith("state.password in somewhere"), f"seed {SEED}: {form!r}"
    assert canaries.search({"somewhere": b"canary"}) == []
    files = make_certificate(tmp_path, passphrase="a word")
    canaries.know_key("entra.key", files.key_pem.read_bytes(), "a word")
    line = files.key_pem.read_bytes().splitlines()[3]
    assert canaries.search({"a report": b"<td>" + line})[0].startswith("entra.key in a report")
    assert canaries.search({"a log": b"Bearer eyJ0eXAiOiJKV1QifQ.e30.x"}) == ["a token in a log"]
