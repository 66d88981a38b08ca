"""One module for each table of the configuration: its keys, their types, units, defaults and meanings."""
