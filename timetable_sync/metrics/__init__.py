"""Numbers for Prometheus, made from a run's own record: as a file after a run, and by HTTP while the daemon stands."""
