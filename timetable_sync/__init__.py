"""timetable-sync keeps group calendars in Microsoft 365 and Exchange equal to the timetable in a database."""

__version__ = "0.1.0"
