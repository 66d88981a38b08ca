"""Pure values that every room speaks of. Imports nothing else of ours, touches no clock, network or database."""
