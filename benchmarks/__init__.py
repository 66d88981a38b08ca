"""How quick, how much memory, how many operations: nights beside the least that they can take and beside others, timetables, keys."""
