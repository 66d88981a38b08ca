"""CI's share of the fuzzing: without the guide, with Hypothesis, from the same beginnings; and that it finds what is planted."""

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.proof.fuzzing.targets import TARGETS, Target
from tests.proof.fuzzing.watching import same, wrong

SEED = random.SystemRandom().randrange(2**32)
#: Of each target, in seconds of CPU time, by its weight.
SECONDS = 1.5


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_begins_with_is_read_without_fail(name: str) -> None:
    assert [finding for data in TARGETS[name].seeds() if (finding := wrong(TARGETS[name], data))] == []


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_get_anything_but_a_value_or_a_clear_error_out_of_a_reader(name: str, tried: Callable[[str], None]) -> None:
    tried(f"seed {SEED}")
    target, seeds = TARGETS[name], TARGETS[name].seeds()
    chance = random.Random(SEED)  # noqa: S311 - chance for tests, no secret
    runs, end = 0, time.process_time() + SECONDS * target.weight
    while runs < 50 or time.process_time() < end:
        data = mutated(chance, seeds, target)
        finding = wrong(target, data)
        assert not finding, f"seed {SEED}, run {runs}: {finding}: bytes.fromhex({data.hex()!r})"
        runs += 1
    tried(f"{runs} inputs")


@seed(SEED)
@settings(max_examples=60, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60), number=st.integers(0, 2**16 - 1))
@pytest.mark.parametrize("name", ["times", "weeks", "texts"])
def test_no_text_gets_anything_but_a_value_or_a_clear_error_out_of_a_cell(name: str, text: str, number: int) -> None:
    data = number.to_bytes(2, "big") + text.encode("utf-8", "surrogatepass")

    assert not wrong(TARGETS[name], data), f"seed {SEED}"


def test_a_planted_mistake_is_found() -> None:
    """Only that of the words it is known by: which input brings it out is chance's."""

    def careless(data: bytes) -> None:
        if data[2:3] == b"7":
            raise ValueError(f"no reader says that of {data!r}")

    target = Target("planted", "", careless, lambda: [b"ab7", b"xyz"])

    chance = random.Random(SEED)  # noqa: S311 - chance for tests, no secret

    found = {same(finding) for _ in range(2_000) if (finding := wrong(target, mutated(chance, target.seeds(), target)))}

    assert len(found) == 1
    assert "ValueError at" in found.pop()


def mutated(chance: random.Random, seeds: list[bytes], target: Target) -> bytes:
    """One of the seeds, changed in a few places: bytes replaced, taken out, doubled, words put in, another's end put on."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(data) + 1)
        length = min(chance.choice((1, 1, 2, 8, 64)), len(data) - at)
        match chance.randrange(6):
            case 0:
                data[at : at + length] = chance.randbytes(length)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chance.choice((2, 2, 40))
            case 3 if target.words:
                data[at : at + length] = chance.choice(target.words).encode()
            case 4:
                data[at:] = chance.choice(seeds)[at:]
            case _:
                data[at : at + length] = chance.choice(("9" * 400, "-1", "0", "1e999999999", "\ufeff", "\x00", '"', "\u202e")).encode()
    return bytes(data[:6_000])
