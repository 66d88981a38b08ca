"""Pure: compare, drift policy, guards. No clock, network or database."""
