"""Everything once, on this machine: a made-up college, a sandbox, three nights."""
