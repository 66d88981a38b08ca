"""``python -m timetable_sync.sandbox``: the sandbox without the rest of the command line."""

import argparse
import sys
from pathlib import Path

from timetable_sync.errors import TimetableSyncError
from timetable_sync.sandbox.start import start


def main() -> int:
    """Serve until told to end; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m timetable_sync.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="keep the sandbox's state in this file")
    parser.add_argument("--ready-file", type=Path, help="written once it listens: JSON with url and pid")
    given = parser.parse_args()
    try:
        start(host=given.host, port=given.port, state=given.state, ready=given.ready_file)
    except TimetableSyncError as error:
        sys.stderr.write(f"timetable-sync sandbox: {error.message}\n  {error.advice}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
