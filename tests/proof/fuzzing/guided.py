"""Fuzzes one target for a while, guided by coverage: ``python -m tests.proof.fuzzing.guided TARGET SECONDS SEED FOLDER``.

A process of its own, as Atheris ends the one that it runs in. An input that does harm is kept in FOLDER with what it did, and the
search goes on. One that takes too long ends it: it lies in FOLDER as well, as libFuzzer's ``timeout-*``, ``oom-*`` or ``crash-*``.
"""

import hashlib
import json
import logging
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["timetable_sync"]):
    from tests.proof.fuzzing.targets import LONGEST, TARGETS
    from tests.proof.fuzzing.watching import same, wrong


def main(name: str, seconds: str, seed: str, folder: str) -> None:
    """Searches; libFuzzer writes its figures to standard error."""
    logging.disable(logging.CRITICAL)
    target, place = TARGETS[name], Path(folder)
    corpus = place / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in target.seeds():
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    words = place / "words"
    # A dictionary without words is an error to libFuzzer.
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in target.words or ("\0",)), "ascii")
    known: set[str] = set()

    def one(data: bytes) -> None:
        finding = wrong(target, data)
        if finding and same(finding) not in known:
            known.add(same(finding))
            (place / f"found-{len(known)}.json").write_text(json.dumps({"finding": finding, "input": data.hex()}), "utf-8")

    # A time-out is of the clock on the wall: on a busy machine 20 seconds went by over a configuration that takes 0.1.
    limits = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={LONGEST}", "-timeout=120", "-rss_limit_mb=1536"]
    atheris.Setup([sys.argv[0], *limits, f"-dict={words}", f"-artifact_prefix={place}/", "-print_final_stats=1", str(corpus)], one)
    atheris.Fuzz()


def _quoted(word: str) -> str:
    return "".join(chr(byte) if 32 < byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
