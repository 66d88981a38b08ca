"""A model of years of nights: a state machine over timetable, calendars, ledger, clock and people, with an oracle of its own."""
