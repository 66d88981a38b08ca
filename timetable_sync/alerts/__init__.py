"""Being told: alerts of what needs a person, once and not every night anew, and pings for a watchdog. Knows nights by their record."""
