"""A process that answers as Exchange does, as fast as it can: it judges nothing, and shares no code with what is measured."""
