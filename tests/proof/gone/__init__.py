"""A night over many calendars, some of which cannot be had."""
