"""The reference backend: calendars in memory, for tests and for saying exactly what a backend promises."""
