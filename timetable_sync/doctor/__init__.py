"""Everything that a night needs, looked at from the inside out before it is needed."""
