"""The canaries in full: every scene at every verbosity, in both forms of the log."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.proof.figures import Amount, Figure, Part, Say
from tests.proof.secrets.canaries import NAMES
from tests.proof.secrets.scenes import SCENES, Left, Scene, World, world

#: How a scene is played: how often -v, and the log's form.
WAYS = tuple((verbosity, form) for verbosity in (0, 1, 2, 3) for form in ("text", "json"))
_GIVEN = ("TIMETABLE_WORD", "STATE_WORD")


def judged(there: World, scene: Scene, left: Left) -> list[str]:
    """What is wrong with what a scene left, one line each."""
    wrong = [f"{scene.name}: {found}" for found in there.canaries.search(left.places)]
    for name, content in left.seen.environments.items():
        entries = {entry.partition(b"=")[0].decode(): entry.partition(b"=")[2] for entry in content.split(b"\0")}
        wrong += [
            f"{scene.name}: {found} of {name}" for found in there.canaries.search({k: v for k, v in entries.items() if k not in _GIVEN})
        ]
    if left.code != scene.code:
        said = left.places.get("stderr", b"").decode("utf-8", "replace")[-1_500:]
        wrong.append(f"{scene.name}: ended with {left.code} and not {scene.code}: {said}")
    if left.dumped:
        wrong.append(f"{scene.name}: the kernel dumped its memory")
    return wrong


def plays(amount: Amount) -> list[tuple[Scene, int, str]]:
    """Which scenes, in which way; commands that have no log are played once."""
    chance = Random(amount.seed)  # noqa: S311 - chance for tests, no secret
    whole = [(scene, verbosity, form) for scene in SCENES for verbosity, form in (WAYS if scene.verb[0] in ("run", "daemon") else WAYS[:1])]
    chosen = whole if amount.share >= 1 else chance.sample(whole, amount.of(len(whole)))
    return sorted(chosen, key=whole.index)


def prove(amount: Amount, say: Say) -> Iterator[Figure]:
    """All of it."""
    wrong, places, size, processes, leaks = list[str](), 0, 0, 0, 0
    chosen = plays(amount)
    with TemporaryDirectory(prefix="secrets-") as folder, world(Path(folder), Random(amount.seed)) as there:  # noqa: S311 - as above
        for scene, verbosity, form in chosen:
            left = there.play(scene, verbosity, form)
            found = judged(there, scene, left)
            for line in found:
                say(f"-{'v' * verbosity} {form}: {line}")
            wrong += found
            leaks += len(there.canaries.search(left.places))
            places += len(left.places) + len(left.seen.environments)
            size += sum(map(len, left.places.values()))
            processes += len(left.seen.processes)
    yield Figure(
        "processes that were searched", f"{processes} of {len(chosen)} scenes, {places:,} places, {size:,} bytes", processes >= len(chosen)
    )
    yield Figure("secrets that were looked for", f"{len(NAMES)} places, a private key, all tokens", good=True)
    yield Figure("found outside of their places", str(leaks), leaks == 0)
    yield Figure("scenes that did not go as they have to", str(len(wrong) - leaks), len(wrong) == leaks)


PART = Part("secrets", "a canary in every secret's place, and everything searched for it", prove)
