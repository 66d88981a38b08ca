"""Real processes, killed with ``kill -9`` wherever it may hurt; then a night that has to put everything right."""
