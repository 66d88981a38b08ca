"""``python -m benchmarks``: runs the cases, prints a table, writes JSON."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cases import CASES, SIZES, Bench
from benchmarks.nights import DATABASE
from benchmarks.pace import pace
from benchmarks.service import ROOT, Service
from benchmarks.table import add, new_table, show


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast a night is, beside the floor and beside others.")
    parser.add_argument("--size", choices=list(SIZES), default="full", help="how much is done (full takes 20 to 40 minutes)")
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this one; repeatable")
    parser.add_argument("--latency", default="0,50,200", help="milliseconds that every answer takes, with commas between")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="file for all figures")
    return parser.parse_args()


def _asked_again(asked: argparse.Namespace) -> str:
    """What has to be typed for the same figures, wherever they are put."""
    return " ".join([f"--size {asked.size}", *(f"--case {name}" for name in asked.case or ()), f"--latency {asked.latency}"])


def _data() -> Path | None:
    folder = Path(os.environ.get("TIMETABLE_SYNC_TEST_DATA", ROOT.parent / "shared")) / "data"
    return folder if (folder / DATABASE).exists() else None


def main() -> None:
    """All of it."""
    asked, begun = _arguments(), time.monotonic()
    table, found = new_table(), []
    latencies = [float(text) / 1000 for text in asked.latency.split(",")]
    with tempfile.TemporaryDirectory(prefix="timetable-sync-bench-") as folder, Service() as service:
        bench = Bench(Path(folder), service, SIZES[asked.size], latencies, _data())
        for name in asked.case or CASES:
            before = pace()
            for case in CASES[name](bench):
                minutes, after = (time.monotonic() - begun) / 60, pace()
                line = f"{minutes:4.1f} min  {case.name}, {case.latency * 1000:.0f} ms: {case.ways['ours'].wall:.1f} s"
                print(f"{line} (pace {before:.2f} to {after:.2f})", file=sys.stderr, flush=True)
                add(table, case)
                found.append({**case.document(), "pace": [round(before, 3), round(after, 3)]})
                before = after
                document = {
                    "schema": 1,
                    "made": datetime.now(UTC).isoformat(timespec="seconds"),
                    "size": asked.size,
                    "asked": _asked_again(asked),
                    "python": platform.python_version(),
                    "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
                    "cases": found,
                }
                # After each case, so that who interrupts it keeps what there is.
                asked.json.write_text(json.dumps(document, indent=1), "utf-8")
            service.tell(clear=True, mark=True, latency=0)
    show(table)


if __name__ == "__main__":
    main()
