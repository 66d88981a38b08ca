"""``python -m timetable_sync`` is the same as ``timetable-sync``."""

from timetable_sync.cli.app import main

if __name__ == "__main__":
    main()
